import type { FlowStep, StepCounts } from '@client/orchestration';
import { usePreferences } from '@kit/preferences';
import { inWords } from '@kit/states';
import { Background, BackgroundVariant, Controls, type Edge, MarkerType, MiniMap, type Node, ReactFlow } from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import { useMemo } from 'react';
import { place, STEP_HEIGHT, STEP_WIDTH, waysOf } from './graph';
import { StepNode, type StepNodeData } from './StepNode';

const nodeTypes = { step: StepNode };

interface Props {
  steps: FlowStep[];
  counts: Record<string, StepCounts>;
  chosen: string | null;
  onChoose: (step: string) => void;
}

/** The picture: pan and zoom, Tab from step to step, Enter opens one. Read-only. */
export default function FlowCanvas({ steps, counts, chosen, onChoose }: Props) {
  const { mode } = usePreferences();
  const placed = useMemo(() => place(steps), [steps]);
  const nodes = useMemo<Node<StepNodeData>[]>(
    () =>
      placed.map(({ step, x, y }) => ({
        id: step.id,
        type: 'step',
        position: { x, y },
        width: STEP_WIDTH,
        height: STEP_HEIGHT,
        selected: step.id === chosen,
        ariaLabel: `${step.title || step.id}, ${inWords(step.kind)}`,
        data: { step, counts: counts[step.id] },
      })),
    [placed, counts, chosen],
  );
  const edges = useMemo<Edge[]>(
    () =>
      waysOf(steps).map((way) => ({
        id: way.id,
        source: way.from,
        target: way.to,
        type: 'smoothstep',
        label: way.port === 'next' ? undefined : inWords(way.port),
        focusable: false,
        className: /fail|timed|reject|expired/.test(way.port) ? 'way-failed' : undefined,
        markerEnd: { type: MarkerType.ArrowClosed, width: 16, height: 16 },
      })),
    [steps],
  );
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={nodeTypes}
      colorMode={mode}
      nodesDraggable={false}
      nodesConnectable={false}
      edgesFocusable={false}
      elementsSelectable
      onNodeClick={(_, node) => onChoose(node.id)}
      onSelectionChange={({ nodes: picked }) => {
        const first = picked[0];
        if (first && first.id !== chosen) onChoose(first.id);
      }}
      fitView
      fitViewOptions={{ padding: 0.12, maxZoom: 1 }}
      minZoom={0.2}
      proOptions={{ hideAttribution: true }}
    >
      <Background variant={BackgroundVariant.Dots} gap={20} size={1} />
      <Controls showInteractive={false} />
      {steps.length > 8 && <MiniMap pannable zoomable ariaLabel="Overview of the flow" nodeStrokeWidth={2} />}
    </ReactFlow>
  );
}
