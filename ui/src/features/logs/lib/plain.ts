const ESC = '\u001b';
const BELL = '\u0007';
// Colours and movements; titles and links, up to their end; single letters.
const FOR_TERMINALS = new RegExp(
  `${ESC}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${BELL}${ESC}]*(?:${BELL}|${ESC}\\\\)|[@-Z\\\\^_])`,
  'g',
);

/** Without what tells a terminal how to draw it. */
export function plain(text: string): string {
  return text.replace(FOR_TERMINALS, '');
}
