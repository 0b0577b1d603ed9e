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
import { stateLabel, stateTone } from '../vocabulary';
import type { Tone } from './tokens';

const toneIcons: Record<Tone, ReactNode> = {
  neutral: <PlusCircleOutlined />,
  attention: <PauseCircleFilled />,
  progress: <SyncOutlined />,
  moving: <CarOutlined />,
  done: <CheckCircleFilled />,
  ended: <MinusCircleOutlined />,
  failed: <CloseCircleFilled />,
};

export const toneIcon = (tone: Tone): ReactNode => toneIcons[tone];

/** A state as color, icon and label. `label` and `tone` override those of the vocabulary. */
export function StateTag({ state, label, tone }: { state: string; label?: string; tone?: Tone }) {
  const resolvedTone = tone ?? stateTone(state);
  return (
    <span className="tag" data-tone={resolvedTone}>
      <span aria-hidden="true">{toneIcons[resolvedTone]}</span>
      {label ?? stateLabel(state)}
    </span>
  );
}

/** A short label in a tone, for anything that is not a state. */
export function Badge({ tone = 'neutral', icon, children }: { tone?: Tone; icon?: ReactNode; children: ReactNode }) {
  return (
    <span className="tag" data-tone={tone}>
      {icon !== undefined && <span aria-hidden="true">{icon}</span>}
      {children}
    </span>
  );
}

export const warningIcon = <ExclamationCircleFilled />;
