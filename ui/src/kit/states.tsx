import {
  CarOutlined,
  CheckCircleFilled,
  CloseCircleFilled,
  ExclamationCircleFilled,
  MinusCircleOutlined,
  PauseCircleFilled,
  PlusCircleOutlined,
  SyncOutlined,
} from './icons';
import type { ReactNode } from 'react';
import type { Tone } from './tokens';

/** The one table that says which colour a state has, whatever document it belongs to. */
const stateStyles: Record<string, { tone: Tone; label: string }> = {
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
  ready: { tone: 'progress', label: 'Ready' },
  running: { tone: 'progress', label: 'Running' },
  waiting: { tone: 'attention', label: 'Waiting' },
  failed: { tone: 'failed', label: 'Failed' },
  done: { tone: 'done', label: 'Done' },
  active: { tone: 'done', label: 'Active' },
  inactive: { tone: 'ended', label: 'Inactive' },
  received: { tone: 'neutral', label: 'Received' },
  processed: { tone: 'done', label: 'Processed' },
  duplicate: { tone: 'ended', label: 'Duplicate' },
  stale: { tone: 'ended', label: 'Stale' },
  parked: { tone: 'attention', label: 'Parked' },
  discarded: { tone: 'ended', label: 'Discarded' },
  green: { tone: 'done', label: 'Connected' },
  red: { tone: 'failed', label: 'Not connected' },
  untested: { tone: 'neutral', label: 'Not tested' },
};

const toneIcons: Record<Tone, ReactNode> = {
  neutral: <PlusCircleOutlined />,
  attention: <PauseCircleFilled />,
  progress: <SyncOutlined />,
  moving: <CarOutlined />,
  done: <CheckCircleFilled />,
  ended: <MinusCircleOutlined />,
  failed: <CloseCircleFilled />,
};

const sentence = (name: string): string => {
  const words = name.replaceAll('_', ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
};

export const stateTone = (state: string): Tone => stateStyles[state]?.tone ?? 'neutral';
export const stateLabel = (state: string): string => stateStyles[state]?.label ?? sentence(state);
export const humanize = sentence;
export const toneIcon = (tone: Tone): ReactNode => toneIcons[tone];

/** A state as colour, icon and word. `label` overrides the word, `tone` the colour. */
export function StateTag({ state, label, tone }: { state: string; label?: string; tone?: Tone }) {
  const resolvedTone = tone ?? stateTone(state);
  return (
    <span className="tag" data-tone={resolvedTone}>
      <span aria-hidden="true">{toneIcons[resolvedTone]}</span>
      {label ?? stateLabel(state)}
    </span>
  );
}

/** A small word in a tone, for anything that is not a state. */
export function Badge({ tone = 'neutral', icon, children }: { tone?: Tone; icon?: ReactNode; children: ReactNode }) {
  return (
    <span className="tag" data-tone={tone}>
      {icon !== undefined && <span aria-hidden="true">{icon}</span>}
      {children}
    </span>
  );
}

export const warningIcon = <ExclamationCircleFilled />;
