import { graphlib, layout } from '@dagrejs/dagre';
import type { FlowStep } from '@client/orchestration';

export const STEP_WIDTH = 216;
export const STEP_HEIGHT = 66;

export interface Placed {
  step: FlowStep;
  x: number;
  y: number;
}

export interface Way {
  id: string;
  from: string;
  to: string;
  port: string;
}

/** Every port that leads somewhere. */
export function waysOf(steps: readonly FlowStep[]): Way[] {
  const known = new Set(steps.map((step) => step.id));
  return steps.flatMap((step) =>
    Object.entries(step.ports).flatMap(([port, to]) => (to !== null && known.has(to) ? [{ id: `${step.id}.${port}`, from: step.id, to, port }] : [])),
  );
}

/** Steps from top to bottom; the same flow always gets the same picture. */
export function place(steps: readonly FlowStep[]): Placed[] {
  const graph = new graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'TB', nodesep: 48, ranksep: 58, edgesep: 24 });
  graph.setDefaultEdgeLabel(() => ({}));
  steps.forEach((step) => graph.setNode(step.id, { width: STEP_WIDTH, height: STEP_HEIGHT }));
  waysOf(steps).forEach((way) => graph.setEdge(way.from, way.to, { width: 60, height: 18, labelpos: 'c' }, way.id));
  layout(graph);
  return steps.map((step) => {
    const { x, y } = graph.node(step.id) as { x: number; y: number };
    return { step, x: x - STEP_WIDTH / 2, y: y - STEP_HEIGHT / 2 };
  });
}
