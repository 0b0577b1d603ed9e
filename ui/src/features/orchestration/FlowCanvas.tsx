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
import { layoutFlow, STEP_HEIGHT, STEP_WIDTH } from './flowLayout';
import { StepNode, type StepNodeData } from './StepNode';
import { isFailurePort, PortEdge, type PortEdgeData } from './PortEdge';

const nodeTypes = { step: StepNode };
const edgeTypes = { port: PortEdge };
const MIN_READABLE_ZOOM = 0.8;

interface Props {
  steps: FlowStep[];
  counts: Record<string, StepCounts>;
  selectedStep: string | null;
  onSelectStep: (step: string) => void;
}

/** The flow diagram, read-only: pan and zoom; Tab moves between steps, Enter opens one. */
export default function FlowCanvas({ steps, counts, selectedStep, onSelectStep }: Props) {
  const { mode } = usePreferences();
  const flowLayout = useMemo(() => layoutFlow(steps), [steps]);
  const container = useRef<HTMLDivElement>(null);
  const nodes = useMemo<Node<StepNodeData>[]>(
    () =>
      flowLayout.steps.map(({ step, x, y }) => ({
        id: step.id,
        type: 'step',
        position: { x, y },
        width: STEP_WIDTH,
        height: STEP_HEIGHT,
        selected: step.id === selectedStep,
        ariaRole: 'button',
        data: { step, counts: counts[step.id] },
      })),
    [flowLayout, counts, selectedStep],
  );
  const edges = useMemo<Edge<PortEdgeData>[]>(
    () =>
      flowLayout.edges.map((edge) => ({
        id: edge.id,
        source: edge.from,
        target: edge.to,
        type: 'port',
        data: { edge },
        focusable: false,
        className: isFailurePort(edge.port) ? 'port-failed' : undefined,
        markerEnd: { type: MarkerType.ArrowClosed, width: 16, height: 16 },
      })),
    [flowLayout],
  );
  const openByKey = (event: KeyboardEvent): void => {
    const step = (event.target as Element).closest<HTMLElement>('.react-flow__node')?.dataset.id;
    if (step !== undefined && (event.key === 'Enter' || event.key === ' ')) onSelectStep(step);
  };
  // Fit the width at the top, without zooming out below a readable size.
  const fitToTop = (flow: ReactFlowInstance<Node<StepNodeData>, Edge<PortEdgeData>>): void => {
    const { clientWidth = 0, clientHeight = 0 } = container.current ?? {};
    const zoom = Math.min(
      1,
      Math.max(MIN_READABLE_ZOOM, Math.min(clientWidth / (flowLayout.width + 80), clientHeight / (flowLayout.height + 80))),
    );
    void flow.setViewport({
      x: (clientWidth - flowLayout.width * zoom) / 2,
      y: Math.max(28, (clientHeight - flowLayout.height * zoom) / 2),
      zoom,
    });
  };
  return (
    <div ref={container} className="flow-box" onKeyDown={openByKey}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onInit={fitToTop}
        colorMode={mode}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        elementsSelectable
        onNodeClick={(_, node) => onSelectStep(node.id)}
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
