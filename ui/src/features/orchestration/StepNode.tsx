import {
  ApiOutlined,
  BranchesOutlined,
  CheckCircleOutlined,
  ClockCircleOutlined,
  FlagOutlined,
  FileProtectOutlined,
  MergeOutlined,
  PlayCircleOutlined,
  ThunderboltOutlined,
  UserOutlined,
} from '@kit/icons';
import type { FlowStep, StepCounts } from '@client/orchestration';
import { formatNumber } from '@kit/format';
import { stepKindLabel } from '@vocabulary';
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react';
import type { ReactNode } from 'react';

export interface StepNodeData extends Record<string, unknown> {
  step: FlowStep;
  counts: StepCounts | undefined;
}

const icons: readonly [RegExp, ReactNode][] = [
  [/start/, <PlayCircleOutlined key="start" />],
  [/^end/, <FlagOutlined key="end" />],
  [/polic/, <FileProtectOutlined key="policies" />],
  [/merge/, <MergeOutlined key="merge" />],
  [/condition|split/, <BranchesOutlined key="condition" />],
  [/provider/, <ApiOutlined key="provider" />],
  [/wait|delay|until/, <ClockCircleOutlined key="wait" />],
  [/approval/, <UserOutlined key="approval" />],
  [/action/, <ThunderboltOutlined key="action" />],
];

/** A step of the diagram with its run counts. */
export function StepNode({ data, selected }: NodeProps<Node<StepNodeData>>) {
  const { step, counts } = data;
  const icon = icons.find(([pattern]) => pattern.test(step.kind))?.[1] ?? <CheckCircleOutlined />;
  const visibleCounts = (
    [
      ['failed', 'failed', counts?.failed ?? 0],
      ['attention', 'waiting', counts?.waiting ?? 0],
      ['progress', 'ready', counts?.ready ?? 0],
    ] as const
  ).filter(([, , count]) => count > 0);
  return (
    <div className="step" data-selected={selected}>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <span className="step-icon" aria-hidden="true">
        {icon}
      </span>
      <span className="two-line step-text">
        <span className="strong">{step.title || step.id}</span>
        <span className="muted">
          {counts && counts.passed_24h > 0 ? `${formatNumber(counts.passed_24h)} passed in 24 h` : stepKindLabel(step.kind)}
        </span>
      </span>
      <span className="step-counts">
        {visibleCounts.map(([tone, label, count]) => (
          <span key={label} className="tag figure" data-tone={tone} title={`${formatNumber(count)} ${label}`}>
            {formatNumber(count)} {label}
          </span>
        ))}
      </span>
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
}
