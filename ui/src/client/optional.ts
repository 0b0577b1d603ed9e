/** Endpoints that a server may lack; `vite.config.ts` lists those of `openapi.json`. */
declare const __OPTIONAL_PATHS__: readonly string[];

/** Read an optional endpoint. Returns null when the server does not offer it or does not answer. */
async function readOptional(path: string, signal?: AbortSignal): Promise<unknown> {
  if (!__OPTIONAL_PATHS__.includes(path)) return null;
  try {
    const request = new Request(new URL(path, window.location.origin), { credentials: 'same-origin', signal });
    const response = await globalThis.fetch(request);
    return response.ok ? ((await response.json()) as unknown) : null;
  } catch {
    return null;
  }
}

/** Display titles of states, reasons and events; see `vocabulary.ts`. */
export const getVocabulary = (signal?: AbortSignal): Promise<unknown> => readOptional('/api/v1/vocabulary', signal);

export interface ConstraintKind {
  kind: string;
  title: string;
  description: string;
  /** JSON schema of the properties that only this kind has. */
  schema: Record<string, unknown>;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** The constraint kinds the server knows. Returns null when it does not list them. */
export async function listConstraintKinds(signal?: AbortSignal): Promise<ConstraintKind[] | null> {
  const answer = await readOptional('/api/v1/sourcing/constraint-kinds', signal);
  const items = isRecord(answer) ? (answer.items ?? answer.kinds) : answer;
  if (!Array.isArray(items)) return null;
  const kinds: ConstraintKind[] = [];
  for (const item of items) {
    if (!isRecord(item) || typeof item.kind !== 'string') continue;
    const schema = item.schema ?? item.properties_schema ?? item.json_schema;
    kinds.push({
      kind: item.kind,
      title: typeof item.title === 'string' ? item.title : item.kind,
      description: typeof item.description === 'string' ? item.description : '',
      schema: isRecord(schema) ? schema : {},
    });
  }
  return kinds;
}
