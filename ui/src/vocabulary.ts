import type { Tone } from './kit/tokens';

/**
 * Display titles for the names used by the API: states, reasons, events, step kinds and cost parts.
 * Titles delivered by the server (`GET /api/v1/vocabulary`) take precedence over the built-in ones;
 * a name unknown to both is shown as a sentence, never as it is spelled in the API.
 */

interface StateStyle {
  label: string;
  tone: Tone;
}

/** Label and tone of every state. The icon follows from the tone (`kit/states.tsx`). */
const states: Record<string, StateStyle> = {
  new: { tone: 'neutral', label: 'New' },
  on_hold: { tone: 'attention', label: 'On hold' },
  in_progress: { tone: 'progress', label: 'In progress' },
  fulfillment_in_process: { tone: 'moving', label: 'In fulfillment' },
  completed: { tone: 'done', label: 'Completed' },
  canceled: { tone: 'ended', label: 'Canceled' },
  sent: { tone: 'progress', label: 'Sent' },
  accepted: { tone: 'progress', label: 'Accepted' },
  picked: { tone: 'moving', label: 'Picked' },
  packed: { tone: 'moving', label: 'Packed' },
  partially_shipped: { tone: 'moving', label: 'Partially shipped' },
  shipped: { tone: 'done', label: 'Shipped' },
  delivered: { tone: 'done', label: 'Delivered' },
  declined: { tone: 'failed', label: 'Declined' },
  closed: { tone: 'ended', label: 'Closed' },
  requested: { tone: 'attention', label: 'Requested' },
  approved: { tone: 'progress', label: 'Approved' },
  refused: { tone: 'failed', label: 'Refused' },
  in_transit: { tone: 'moving', label: 'In transit' },
  partially_received: { tone: 'moving', label: 'Partially received' },
  inspected: { tone: 'done', label: 'Inspected' },
  ready: { tone: 'progress', label: 'Ready' },
  running: { tone: 'progress', label: 'Running' },
  waiting: { tone: 'attention', label: 'Waiting' },
  finished: { tone: 'done', label: 'Finished' },
  failed: { tone: 'failed', label: 'Failed' },
  succeeded: { tone: 'done', label: 'Succeeded' },
  unknown: { tone: 'attention', label: 'Outcome unknown' },
  done: { tone: 'done', label: 'Done' },
  active: { tone: 'done', label: 'Active' },
  inactive: { tone: 'ended', label: 'Inactive' },
  received: { tone: 'neutral', label: 'Received' },
  processed: { tone: 'done', label: 'Processed' },
  duplicate: { tone: 'ended', label: 'Duplicate' },
  ignored: { tone: 'ended', label: 'Ignored' },
  stale: { tone: 'ended', label: 'Superseded' },
  superseded: { tone: 'ended', label: 'Superseded' },
  parked: { tone: 'attention', label: 'Parked' },
  discarded: { tone: 'ended', label: 'Discarded' },
  green: { tone: 'done', label: 'Connected' },
  red: { tone: 'failed', label: 'Not connected' },
  untested: { tone: 'neutral', label: 'Not tested' },
  paused: { tone: 'attention', label: 'Paused' },
};

/** Titles used while the server has none for an event. */
const events: Record<string, string> = {
  'order.created': 'Order created',
  'order.modified': 'Order changed',
  'order.shipped': 'Order shipped',
  'order.partially_shipped': 'Order partially shipped',
  'order.delivered': 'Order delivered',
  'order.invoiced': 'Order invoiced',
  'order.hold_placed': 'Order put on hold',
  'order.hold_released': 'Hold released',
  'order.canceled': 'Order canceled',
  'order.backorder_hold_released': 'Waiting line released',
  'order.fulfillment_declined': 'Fulfillment declined',
  'order.partially_declined': 'Fulfillment partially declined',
  'order.sent_to_fulfillment': 'Order sent to fulfillment',
  'fulfillment.optimization.succeeded': 'Order sourced',
  'fulfillment.optimization.failed': 'Sourcing failed',
  'shipment.recorded': 'Shipment recorded',
};

const stepKinds: Record<string, string> = {
  start: 'Start',
  end: 'End',
  policies: 'Policies',
  condition: 'Condition',
  splitter: 'Parallel split',
  merge: 'Merge',
  action: 'Action',
  provider_action: 'Provider call',
  wait: 'Wait for event',
  delay: 'Delay',
  approval: 'Approval',
};

/** Outgoing ports of flow steps. */
const ports: Record<string, string> = {
  next: 'Next',
  passed: 'Passed',
  succeeded: 'Succeeded',
  failed: 'Failed',
  happened: 'Event received',
  timed_out: 'Timed out',
  yes: 'Yes',
  no: 'No',
  joined: 'All paths completed',
  approved: 'Approved',
  rejected: 'Rejected',
  expired: 'Expired',
};

/** Actions of flow steps, by the name in the flow document. */
const actions: Record<string, string> = {
  'orders.hold_preorders': 'Hold preorder lines',
  'orders.await_stock': 'Wait for stock',
  'orders.confirm_billing': 'Confirm billing',
  'fulfillment_optimization.source': 'Choose sources and reserve stock',
  'fulfillment.create_fulfillment_orders': 'Create fulfillment orders',
  'fulfillment.recall': 'Recall fulfillment order',
  'returns.approve': 'Approve return',
  'returns.request_label': 'Request return label',
  'returns.close': 'Close return',
  'fulfillment.recall_order': 'Recall all fulfillment orders',
  'fulfillment.refuse_recall': 'Refuse recall',
  send_to_fulfillment: 'Send to fulfillment',
  cancel_fulfillment: 'Cancel at the fulfiller',
  push_shipment: 'Send shipment to the store',
};

const costParts: Record<string, string> = {
  parcel: 'Parcels',
  carriage: 'Shipping',
  shipping: 'Shipping',
  line: 'Picking',
  unit: 'Unit handling',
  handling: 'Handling',
  split: 'Additional parcels',
  late: 'Lateness',
  lateness: 'Lateness',
  open: 'Unsourced lines',
  stock_out: 'Stock-out risk',
  markdown: 'Markdown credit',
  preference: 'Preference',
  capacity: 'Capacity pressure',
  distance: 'Distance',
  penalty: 'Constraint penalties',
  opportunity: 'Opportunity cost',
};

type ServerCategory = 'states' | 'reasons' | 'events';
type Titles = Map<string, string>;

let serverTitles: Record<ServerCategory, Titles> = { states: new Map(), reasons: new Map(), events: new Map() };
let serverOrderColumns: [name: string, title: string][] = [];

/** Text columns of the orders list that the server describes: the field of a row and its title. */
export const orderColumnTitles = (): readonly [name: string, title: string][] => serverOrderColumns;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const asTitle = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (!isRecord(value)) return '';
  const title = value.title ?? value.label;
  return typeof title === 'string' ? title : '';
};

/** Read name and title pairs from `[{name, title}]`, `{name: title}` or `{name: {title}}`. */
function titlePairs(value: unknown): [string, string][] {
  const pairs: [string, string][] = [];
  if (Array.isArray(value)) {
    for (const entry of value) {
      const name = isRecord(entry) ? (entry.name ?? entry.key ?? entry.code) : undefined;
      if (typeof name === 'string') pairs.push([name, asTitle(entry)]);
    }
  } else if (isRecord(value)) {
    for (const [name, entry] of Object.entries(value)) pairs.push([name, asTitle(entry)]);
  }
  return pairs.filter(([, title]) => title !== '');
}

/** The parts of a vocabulary document that list titles: one for each entity, or the document itself. */
function entityParts(document: Record<string, unknown>): Record<string, unknown>[] {
  const entities = document.entities ?? document.items;
  if (Array.isArray(entities)) return entities.filter(isRecord);
  if (isRecord(entities)) return Object.values(entities).filter(isRecord);
  return [document];
}

/** Use the titles of a vocabulary document from the server. Pass `null` to return to the built-in titles. */
export function applyServerVocabulary(document: unknown): void {
  const next: Record<ServerCategory, Titles> = { states: new Map(), reasons: new Map(), events: new Map() };
  if (isRecord(document)) {
    for (const part of entityParts(document)) {
      for (const category of ['states', 'reasons', 'events'] as const) {
        for (const [name, title] of titlePairs(part[category])) next[category].set(name, title);
      }
    }
  }
  serverTitles = next;
  serverOrderColumns = isRecord(document) ? titlePairs(document.order_columns) : [];
}

/** Turn an API name such as `fulfillment_order.created` into "Fulfillment order created"; text with spaces is only capitalized. */
export function humanize(name: string): string {
  const text = name.includes(' ') ? name : name.replaceAll(/[_.]+/g, ' ').trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Lower-case all but the first word of a title-case phrase; leave any other text unchanged. */
function toSentenceCase(text: string): string {
  const isTitleCase = /^[A-Z][a-z-]+( ([A-Z][a-z-]+|in|of|to))+$/.test(text);
  return isTitleCase ? text.charAt(0) + text.slice(1).toLowerCase() : text;
}

/** Shorten the title of a state: the shipped titles repeat the entity, as in "Sales Order Product On Hold". */
function shortStateTitle(title: string): string {
  const short = title.replace(/\bsales order( product)?\b/i, '').trim();
  if (short === 'Fulfillment in Process') return 'In fulfillment';
  return toSentenceCase(short);
}

export function stateLabel(state: string): string {
  const title = serverTitles.states.get(state);
  return title === undefined ? (states[state]?.label ?? humanize(state)) : shortStateTitle(title);
}
export const stateTone = (state: string): Tone => states[state]?.tone ?? 'neutral';
/** The reason of a state; empty when it only repeats the state. */
export function reasonBesideState(state: string, reason: string): string {
  const label = reasonLabel(reason);
  return label === stateLabel(state) ? '' : label;
}
export const reasonLabel = (reason: string): string => toSentenceCase(serverTitles.reasons.get(reason) ?? reason);

/** Return the title of an event. `title` is the one delivered with the event, if any. */
export const eventTitle = (name: string, title = ''): string =>
  serverTitles.events.get(name) ?? (title === '' ? (events[name] ?? humanize(name)) : title);

/** Whether `name` is the name of a business event. */
export const isEventName = (name: string): boolean => serverTitles.events.has(name) || name in events;

/** Who did something: a person as they are, and "provider:fabrikam-3pl" as "provider fabrikam-3pl". */
export const actorLabel = (actor: string): string => actor.replace(/^(provider|flow|token|worker):/, '$1 ');

export const stepKindLabel = (kind: string): string => stepKinds[kind] ?? humanize(kind);
export const portLabel = (port: string): string => ports[port] ?? humanize(port);
export const costPartLabel = (part: string): string => costParts[part] ?? humanize(part);

/** Return the title of a flow action such as `orders.confirm_billing`. */
export function actionLabel(action: string): string {
  const known = actions[action];
  if (known !== undefined) return known;
  return humanize(action.slice(action.lastIndexOf('.') + 1));
}
