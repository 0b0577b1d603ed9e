import type { FlowStep, StepCounts } from '@client/orchestration';
import { usePreferences } from '@kit/preferences';
import {
  Background,
  BackgroundVariant,
  Controls,
  type Edge,
  MarkerType,
  MiniMap,
  type Node,
  ReactFlow,
  type ReactFlowInstance,
} from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import { type KeyboardEvent, useMemo, useRef } from 'react';
import { picture, STEP_HEIGHT, STEP_WIDTH } from './flowLayout';
import { StepNode, type StepNodeData } from './StepNode';
import { isBad, WayEdge, type WayEdgeData } from './PortEdge';

const nodeTypes = { step: StepNode };
const edgeTypes = { way: WayEdge };
const READABLE = 0.8;

interface Props {
  steps: FlowStep[];
  counts: Record<string, StepCounts>;
  chosen: string | null;
  onChoose: (step: string) => void;
}

/** The picture: pan and zoom, Tab from step to step, Enter opens one. Read-only. */
export default function FlowCanvas({ steps, counts, chosen, onChoose }: Props) {
  const { mode } = usePreferences();
  const drawn = useMemo(() => picture(steps), [steps]);
  const box = useRef<HTMLDivElement>(null);
  const nodes = useMemo<Node<StepNodeData>[]>(
    () =>
      drawn.steps.map(({ step, x, y }) => ({
        id: step.id,
        type: 'step',
        position: { x, y },
        width: STEP_WIDTH,
        height: STEP_HEIGHT,
        selected: step.id === chosen,
        ariaRole: 'button',
        data: { step, counts: counts[step.id] },
      })),
    [drawn, counts, chosen],
  );
  const edges = useMemo<Edge<WayEdgeData>[]>(
    () =>
      drawn.ways.map((way) => ({
        id: way.id,
        source: way.from,
        target: way.to,
        type: 'way',
        data: { way },
        focusable: false,
        className: isBad(way.port) ? 'way-failed' : undefined,
        markerEnd: { type: MarkerType.ArrowClosed, width: 16, height: 16 },
      })),
    [drawn],
  );
  const openByKey = (event: KeyboardEvent): void => {
    const step = (event.target as Element).closest<HTMLElement>('.react-flow__node')?.dataset.id;
    if (step !== undefined && (event.key === 'Enter' || event.key === ' ')) onChoose(step);
  };
  // Start at the top, as wide as fits, never so small that the words cannot be read.
  const start = (flow: ReactFlowInstance<Node<StepNodeData>, Edge<WayEdgeData>>): void => {
    const { clientWidth = 0, clientHeight = 0 } = box.current ?? {};
    const zoom = Math.min(1, Math.max(READABLE, Math.min(clientWidth / (drawn.width + 80), clientHeight / (drawn.height + 80))));
    void flow.setViewport({ x: (clientWidth - drawn.width * zoom) / 2, y: Math.max(28, (clientHeight - drawn.height * zoom) / 2), zoom });
  };
  return (
    <div ref={box} className="flow-box" onKeyDown={openByKey}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onInit={start}
        colorMode={mode}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        elementsSelectable
        onNodeClick={(_, node) => onChoose(node.id)}
        minZoom={0.2}
        proOptions={{ hideAttribution: true }}
      >
        <Background variant={BackgroundVariant.Dots} gap={20} size={1} />
        <Controls showInteractive={false} />
        {steps.length > 8 && <MiniMap pannable zoomable ariaLabel="Overview of the flow" nodeStrokeWidth={2} />}
      </ReactFlow>
    </div>
  );
}
