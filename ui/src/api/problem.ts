type Detail = { loc?: (string | number)[]; msg?: string };

const NO_ANSWER = 'Orrery does not answer.';

/** An answer of the API that is not the one we wanted: what happened, and what to do about it. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string | null;
  readonly help: string | null;

  constructor(status: number, message: string, code: string | null, help: string | null) {
    super(message);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.help = help;
  }

  static unreachable(): Problem {
    return new Problem(
      0,
      NO_ANSWER,
      null,
      'Check that the server is running and that this machine can reach it. This page tries again by itself.',
    );
  }

  /** Nothing came back at all: the connection, not the question, is at fault. */
  get isUnreachable(): boolean {
    return this.status === 0 && this.message === NO_ANSWER;
  }

  static from(error: unknown): Problem {
    if (error instanceof Problem) return error;
    if (error instanceof TypeError) return Problem.unreachable();
    return new Problem(0, error instanceof Error ? error.message : String(error), null, null);
  }

  static parse(status: number, body: unknown): Problem {
    const given =
      typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
    return new Problem(
      status,
      describe(given.detail) ?? `The server answered ${status}.`,
      typeof given.code === 'string' ? given.code : null,
      typeof given.help === 'string' ? given.help : null,
    );
  }
}

function describe(detail: unknown): string | null {
  if (typeof detail === 'string') return detail;
  if (Array.isArray(detail)) {
    const lines = (detail as Detail[]).map(({ loc, msg }) => {
      const place = loc?.filter((part) => part !== 'body' && part !== 'query').join('.');
      return place ? `${place}: ${msg ?? 'is not valid'}` : (msg ?? 'is not valid');
    });
    return lines.join('\n');
  }
  if (detail && typeof detail === 'object') {
    const { reason, message } = detail as Record<string, unknown>;
    return typeof message === 'string' ? message : typeof reason === 'string' ? reason : null;
  }
  return null;
}
