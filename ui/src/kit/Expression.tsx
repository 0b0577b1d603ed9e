import { describeCell, describeExpression } from './expressions';

/**
 * A condition or formula as a sentence, with the expression itself behind a disclosure.
 * `cell` marks the condition of a decision table cell, whose field is the column.
 */
export function Expression({ source, cell = false, fallback }: { source: string; cell?: boolean; fallback?: string }) {
  const sentence = cell ? describeCell(source) : describeExpression(source);
  if (sentence !== undefined && cell) return <span>{sentence}</span>;
  return (
    <div className="expression">
      <span>{sentence ?? fallback ?? 'Custom condition'}</span>
      <details>
        <summary>Show expression</summary>
        <code>{source}</code>
      </details>
    </div>
  );
}
