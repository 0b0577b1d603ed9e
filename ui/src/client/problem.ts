/** One problem of a rejected document: where it is, what is wrong, and how to fix it. */
export interface ProblemPart {
  where: string;
  what: string;
  remedy: string;
}

/** A rejected or failed request, with everything needed to resolve it. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly what: string;
  readonly where: string;
  readonly remedy: string;
  readonly reference: string;
  readonly status: number;
  readonly problems: readonly ProblemPart[];

  constructor(parts: {
    what: string;
    where?: string;
    remedy?: string;
    reference?: string;
    status?: number;
    problems?: readonly ProblemPart[];
  }) {
    super(parts.what);
    this.what = parts.what;
    this.where = parts.where ?? '';
    this.remedy = parts.remedy ?? '';
    this.reference = parts.reference ?? '';
    this.status = parts.status ?? 0;
    this.problems = parts.problems ?? [];
  }
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : '');
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Read a problem+json body. Other bodies, such as a proxy's HTML, become a generic problem. */
export function problemFrom(body: unknown, status: number, path: string): Problem {
  if (!isRecord(body)) {
    return new Problem({
      what: `The server returned error ${status} without details`,
      where: path,
      remedy: 'Try again. If the error persists, ask an administrator to check the server log.',
      status,
    });
  }
  const parts = Array.isArray(body.problems) ? body.problems.filter(isRecord) : [];
  return new Problem({
    what: asText(body.detail) || asText(body.title) || `The server returned error ${status}`,
    where: asText(body.where) || path,
    remedy: asText(body.remedy),
    reference: asText(body.reference),
    status,
    problems: parts.map((part) => ({ where: asText(part.where), what: asText(part.what), remedy: asText(part.remedy) })),
  });
}

/** Convert any thrown value to a `Problem`. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) {
    return new Problem({
      what: 'The server cannot be reached',
      remedy: 'Check your connection and that OpenIOM is running. This page retries automatically.',
    });
  }
  return new Problem({
    what: error instanceof Error ? error.message : 'An unexpected error occurred on this page',
    remedy: 'Reload the page.',
  });
}
