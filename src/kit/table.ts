// Aligned columns for people.

/**
 * Takes a heading and rows of text; returns them in aligned columns, one line a row, without trailing blanks. Columns from
 * `figuresFrom` on hold figures and are aligned at the right.
 */
export function columns(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  figuresFrom = heading.length,
): string {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const padded = (cell: string, column: number): string => {
    const width = widths[column] ?? 0;
    return column < figuresFrom ? cell.padEnd(width) : cell.padStart(width);
  };
  return all.map((row) => row.map(padded).join('  ').trimEnd()).join('\n');
}

/** Control characters, of which a terminal would make colours, titles and worse, and what turns writing round. */
const control = /[\p{Cc}\p{Bidi_Control}]/gu;

/** Takes text that came from elsewhere; returns it fit for a terminal. */
export function printable(text: string): string {
  return text.replace(control, '\ufffd');
}
