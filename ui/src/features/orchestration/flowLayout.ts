import { graphlib, layout } from '@dagrejs/dagre';
import type { FlowStep } from '@client/orchestration';

export const STEP_WIDTH = 292;
export const STEP_HEIGHT = 66;

export interface Point {
  x: number;
  y: number;
}

export interface PlacedStep extends Point {
  step: FlowStep;
}

export interface FlowEdge {
  id: string;
  from: string;
  to: string;
  port: string;
}

/** An edge with its route and label position. */
export interface RoutedEdge extends FlowEdge {
  points: Point[];
  label: Point;
}

export interface FlowLayout {
  steps: PlacedStep[];
  edges: RoutedEdge[];
  width: number;
  height: number;
}

/** The edges of all connected ports. */
export function flowEdges(steps: readonly FlowStep[]): FlowEdge[] {
  const stepIds = new Set(steps.map((step) => step.id));
  return steps.flatMap((step) =>
    Object.entries(step.to).flatMap(([port, to]) => (stepIds.has(to) ? [{ id: `${step.id}.${port}`, from: step.id, to, port }] : [])),
  );
}

/** Lay out steps from top to bottom; the result is deterministic. */
export function layoutFlow(steps: readonly FlowStep[]): FlowLayout {
  const graph = new graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'TB', nodesep: 40, ranksep: 44, edgesep: 28 });
  graph.setDefaultEdgeLabel(() => ({}));
  steps.forEach((step) => graph.setNode(step.id, { width: STEP_WIDTH, height: STEP_HEIGHT }));
  const edges = flowEdges(steps);
  edges.forEach((edge) =>
    graph.setEdge(
      edge.from,
      edge.to,
      { width: edge.port === 'next' ? 0 : 64, height: edge.port === 'next' ? 0 : 18, labelpos: 'c' },
      edge.id,
    ),
  );
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    steps: steps.map((step) => {
      const { x, y } = graph.node(step.id) as Point;
      return { step, x: x - STEP_WIDTH / 2, y: y - STEP_HEIGHT / 2 };
    }),
    edges: edges.map((way) => {
      const { points, x, y } = graph.edge(way.from, way.to, way.id) as { points: Point[]; x?: number; y?: number };
      return { ...way, points, label: { x: x ?? points[0]?.x ?? 0, y: y ?? points[0]?.y ?? 0 } };
    }),
  };
}

/** An SVG path through `points` with rounded bends. */
export function pathThrough(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (!first) return '';
  let path = `M ${first.x} ${first.y}`;
  rest.forEach((point, index) => {
    const next = rest[index + 1];
    // Each bend is the control point of a curve that ends halfway to the next bend.
    path += next ? ` Q ${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}` : ` L ${point.x} ${point.y}`;
  });
  return path;
}
