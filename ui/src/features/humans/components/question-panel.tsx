import { useId, useState, type FormEvent } from 'react';
import type { Question } from '~/api/types';
import { Button } from '~/components/button';
import { Markdown } from '~/components/markdown';
import { ProblemPanel } from '~/components/problem';
import { Ago } from '~/components/time';
import { ParamField } from '~/features/runs/components/param-field';
import { defaultConf, paramsOf } from '~/features/runs/lib/params';
import { useAnswer, type TaskPlace } from '../hooks/questions';

type Props = { deployment: string; place: TaskPlace; question: Question; isOpen: boolean };

/** What a task asks, with a form while it waits for the answer. */
export function QuestionPanel({ deployment, place, question, isOpen }: Props) {
  const id = useId();
  const look = isOpen ? 'border-brass/40 bg-brass-soft' : 'border-line bg-surface';
  return (
    <section aria-labelledby={id} className={`rounded-lg border px-3 py-2.5 ${look}`}>
      {isOpen && <p className="text-xs font-semibold text-brass">Input required</p>}
      <h2 id={id} className="font-semibold break-words">
        {question.subject}
      </h2>
      {question.body && (
        <div className="mt-2">
          <Markdown text={question.body} />
        </div>
      )}
      {isOpen ? (
        <AnswerForm deployment={deployment} place={place} question={question} />
      ) : (
        <Answered question={question} />
      )}
    </section>
  );
}

function Answered({ question }: { question: Question }) {
  const { chosen_options, responded_at, responded_by_user, params_input } = question;
  if (!question.response_received || !responded_at)
    return <p className="mt-2 text-muted">Nobody has answered, and nobody is waited for.</p>;
  const filled = Object.entries(params_input ?? {});
  return (
    <div className="mt-2 flex flex-col gap-1">
      <p>
        <strong className="font-semibold">{(chosen_options ?? []).join(', ')}</strong>{' '}
        <span className="text-muted">
          {responded_by_user
            ? `chosen by ${responded_by_user.name}`
            : 'by default, the time was over'}
          {', '}
          <Ago at={responded_at} />
        </span>
      </p>
      {filled.length > 0 && (
        <dl className="grid grid-cols-[auto_1fr] gap-x-3">
          {filled.map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-muted">{name}</dt>
              <dd className="font-mono break-words">{JSON.stringify(value)}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

function AnswerForm({ deployment, place, question }: Omit<Props, 'isOpen'>) {
  const name = useId();
  const answer = useAnswer(deployment, place);
  const params = paramsOf(question.params);
  const [chosen, setChosen] = useState<string[]>(question.defaults ?? []);
  const [values, setValues] = useState(() => defaultConf(params));
  const { multiple, options, assigned_users } = question;
  const isSimple = !multiple && params.length === 0 && options.length <= 4;

  const send = (chosen_options: string[]) =>
    answer.mutate({ chosen_options, params_input: values });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (chosen.length > 0) send(chosen);
  };
  const toggle = (option: string, isOn: boolean) => {
    const others = multiple ? chosen.filter((other) => other !== option) : [];
    setChosen(isOn ? [...others, option] : others);
  };

  return (
    <form onSubmit={submit} className="mt-3 flex flex-col gap-3">
      {params.length > 0 && (
        <fieldset className="grid gap-3 sm:grid-cols-2">
          <legend className="mb-2 font-semibold">To fill in</legend>
          {params.map((param) => (
            <ParamField
              key={param.name}
              param={param}
              value={values[param.name]}
              disabled={answer.isPending}
              onChange={(value) => setValues({ ...values, [param.name]: value })}
            />
          ))}
        </fieldset>
      )}
      {isSimple ? (
        <div role="group" aria-label="Options" className="flex flex-wrap gap-2">
          {options.map((option) => (
            <Button
              key={option}
              look={question.defaults?.includes(option) ? 'solid' : 'outline'}
              disabled={answer.isPending}
              onClick={() => send([option])}
            >
              {option}
            </Button>
          ))}
        </div>
      ) : (
        <fieldset className="flex flex-col gap-1.5">
          <legend className="mb-1 font-semibold">
            {multiple ? 'Choose one or more' : 'Choose one'}
          </legend>
          {options.map((option) => (
            <label key={option} className="flex items-center gap-2">
              <input
                type={multiple ? 'checkbox' : 'radio'}
                name={name}
                className="size-4 accent-[var(--c-brass)]"
                checked={chosen.includes(option)}
                disabled={answer.isPending}
                onChange={(event) => toggle(option, event.target.checked)}
              />
              {option}
            </label>
          ))}
        </fieldset>
      )}
      {!isSimple && (
        <div>
          <Button type="submit" look="solid" disabled={answer.isPending || chosen.length === 0}>
            Send the answer
          </Button>
        </div>
      )}
      {(assigned_users ?? []).length > 0 && (
        <p className="text-muted">
          For {assigned_users!.map((user) => user.name).join(', ')} to answer.
        </p>
      )}
      {answer.error && <ProblemPanel what="The answer was not taken." error={answer.error} />}
    </form>
  );
}
