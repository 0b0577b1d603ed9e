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
const known: Record<string, { tone: Tone; word: string }> = {
  new: { tone: 'neutral', word: 'New' },
  on_hold: { tone: 'attention', word: 'On hold' },
  in_progress: { tone: 'progress', word: 'In progress' },
  fulfillment_in_process: { tone: 'moving', word: 'In fulfillment' },
  completed: { tone: 'done', word: 'Completed' },
  canceled: { tone: 'ended', word: 'Canceled' },
  sent: { tone: 'progress', word: 'Sent' },
  accepted: { tone: 'progress', word: 'Accepted' },
  picked: { tone: 'moving', word: 'Picked' },
  packed: { tone: 'moving', word: 'Packed' },
  partially_shipped: { tone: 'moving', word: 'Partially shipped' },
  shipped: { tone: 'done', word: 'Shipped' },
  delivered: { tone: 'done', word: 'Delivered' },
  declined: { tone: 'failed', word: 'Declined' },
  closed: { tone: 'ended', word: 'Closed' },
  ready: { tone: 'progress', word: 'Ready' },
  running: { tone: 'progress', word: 'Running' },
  waiting: { tone: 'attention', word: 'Waiting' },
  failed: { tone: 'failed', word: 'Failed' },
  done: { tone: 'done', word: 'Done' },
  active: { tone: 'done', word: 'Active' },
  inactive: { tone: 'ended', word: 'Inactive' },
  received: { tone: 'neutral', word: 'Received' },
  processed: { tone: 'done', word: 'Processed' },
  duplicate: { tone: 'ended', word: 'Duplicate' },
  stale: { tone: 'ended', word: 'Stale' },
  parked: { tone: 'attention', word: 'Parked' },
  discarded: { tone: 'ended', word: 'Discarded' },
  green: { tone: 'done', word: 'Connected' },
  red: { tone: 'failed', word: 'Not connected' },
  untested: { tone: 'neutral', word: 'Not tested' },
};

const icons: Record<Tone, ReactNode> = {
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

export const stateTone = (state: string): Tone => known[state]?.tone ?? 'neutral';
export const stateLabel = (state: string): string => known[state]?.word ?? sentence(state);
export const humanize = sentence;
export const toneIcon = (tone: Tone): ReactNode => icons[tone];

/** A state as colour, icon and word. `label` overrides the word, `tone` the colour. */
export function StateTag({ state, label, tone }: { state: string; label?: string; tone?: Tone }) {
  const shown = tone ?? stateTone(state);
  return (
    <span className="tag" data-tone={shown}>
      <span aria-hidden="true">{icons[shown]}</span>
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
