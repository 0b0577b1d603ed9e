import { asProblem, type ProblemPart } from '@client/problem';

/** The path within a document: "connection.url" for "provider_instance shop, connection.url". */
const pathOf = (where: string): string => where.slice(where.lastIndexOf(', ') + 1).trim();

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** A problem in words: one that continues the name of its field, such as "is missing", follows it. */
export function problemText(label: string, part: Pick<ProblemPart, 'what' | 'remedy'>): string {
  const what = /^(is|has|contains)\b/.test(part.what) ? `${label} ${part.what}` : sentence(part.what);
  return part.remedy === '' ? `${what}.` : `${what}. ${sentence(part.remedy)}.`;
}

/**
 * The problems of a refused request by the path of their field. With a problem of a field that is not
 * in `shown`, the result is not complete: the whole problem belongs beside the form.
 */
export function fieldErrors(error: unknown, shown: readonly string[]): { byField: Map<string, ProblemPart>; isComplete: boolean } {
  if (error === null || error === undefined) return { byField: new Map(), isComplete: true };
  const problem = asProblem(error);
  const parts = problem.problems.length > 0 ? problem.problems : [{ where: problem.where, what: problem.what, remedy: problem.remedy }];
  const byField = new Map<string, ProblemPart>();
  let isComplete = true;
  for (const part of parts) {
    const path = pathOf(part.where);
    if (shown.includes(path)) byField.set(path, part);
    else isComplete = false;
  }
  return { byField, isComplete };
}
