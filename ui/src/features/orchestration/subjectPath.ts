const pathPrefixes: Record<string, string> = { order: '/orders/', fulfillment_order: '/fulfillment-orders/' };

/** The page of the subject of a run, if there is one. */
export function subjectPath(run: { subject_type: string; subject_id: string }): string | undefined {
  const prefix = pathPrefixes[run.subject_type];
  return prefix && `${prefix}${run.subject_id}`;
}
