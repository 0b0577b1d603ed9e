import { portLabel } from '@vocabulary';
import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps } from '@xyflow/react';
import { pathThrough, type RoutedEdge } from './flowLayout';

export interface PortEdgeData extends Record<string, unknown> {
  edge: RoutedEdge;
}

export const isFailurePort = (port: string): boolean => /fail|timed|reject|expired/.test(port);

/** An edge between steps, routed around other steps. */
export function PortEdge({ id, data, markerEnd }: EdgeProps<Edge<PortEdgeData>>) {
  if (!data) return null;
  const { edge } = data;
  return (
    <>
      <BaseEdge id={id} path={pathThrough(edge.points)} markerEnd={markerEnd} />
      {edge.port !== 'next' && (
        <EdgeLabelRenderer>
          <span
            className="port-label"
            data-bad={isFailurePort(edge.port)}
            style={{ transform: `translate(-50%, -50%) translate(${edge.label.x}px, ${edge.label.y}px)` }}
          >
            {portLabel(edge.port)}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
}
