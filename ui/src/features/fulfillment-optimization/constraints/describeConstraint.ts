import type { Body } from '@client/configuration';
import { asNumber, asRecords, asText } from '@kit/forms/fields';

const describeScope = (entry: Body): string =>
  asText(entry.source) || (asText(entry.source_list) ? `list ${asText(entry.source_list)}` : 'all sources');

function describeEntry(type: string, entry: Body): string {
  const scopeLabel = describeScope(entry);
  if (type === 'maximum_distance') {
    const distance = typeof entry.distance === 'number' ? `${entry.distance} ${asText(entry.unit) || 'km'}` : 'any distance';
    return `${scopeLabel}: ${distance}${entry.same_country === true ? ', same country' : ''}`;
  }
  if (type === 'maximum_order_lines') return `${scopeLabel}: ${asNumber(entry.lines)} lines per day`;
  if (type === 'safety_stock') {
    const units = typeof entry.units === 'number' ? `${entry.units} units` : 'source safety stock';
    return `${scopeLabel}: ${units}${asText(entry.product) ? ` of ${asText(entry.product)}` : ''}`;
  }
  if (type === 'location_priority')
    return `${asNumber(entry.rank, 1)}. ${scopeLabel}${asText(entry.product) ? ` for ${asText(entry.product)}` : ''}`;
  return scopeLabel;
}

/** Return the parameters of a constraint in words. */
export function describeConstraint(body: Body): string {
  const type = asText(body.type);
  const maximum = asNumber(body.maximum);
  if (type === 'maximum_sources_per_order' || type === 'maximum_sources_per_line') return `at most ${maximum}`;
  if (type === 'maximum_sources_and_partial_order')
    return [
      maximum > 0 ? `at most ${maximum} sources` : 'any number of sources',
      body.partial_lines === false ? 'no split lines' : 'lines can be split',
      body.partial_orders === false ? 'no partial orders' : 'partial orders allowed',
    ].join(', ');
  if (type === 'restrict_partial_orders') return 'all lines or none';
  const entries = asRecords(body.entries);
  if (entries.length === 0) return 'all sources';
  const descriptions = entries.slice(0, 4).map((entry) => describeEntry(type, entry));
  return descriptions.join('; ') + (entries.length > 4 ? `; and ${entries.length - 4} more` : '');
}

/** Return the effective dates, or an empty string for documents without dates. */
export function describeEffectiveDates(body: Body): string {
  const from = asText(body.effective_from);
  const to = asText(body.effective_to);
  if (from && to) return `${from} to ${to}`;
  return from ? `from ${from}` : to ? `until ${to}` : '';
}

/** Whether the document is in effect on a day given as `YYYY-MM-DD`. */
export const isInEffect = (body: Body, day: string): boolean =>
  body.enabled !== false && (asText(body.effective_from) || '0000') <= day && day <= (asText(body.effective_to) || '9999');
