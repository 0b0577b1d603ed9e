import { humanize } from '@kit/states';
import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps } from '@xyflow/react';
import { pathThrough, type Routed } from './flowLayout';

export interface WayEdgeData extends Record<string, unknown> {
  way: Routed;
}

export const isBad = (port: string): boolean => /fail|timed|reject|expired/.test(port);

/** A way from step to step along the bends the layout chose, so that it runs around other steps, not behind them. */
export function WayEdge({ id, data, markerEnd }: EdgeProps<Edge<WayEdgeData>>) {
  if (!data) return null;
  const { way } = data;
  return (
    <>
      <BaseEdge id={id} path={pathThrough(way.points)} markerEnd={markerEnd} />
      {way.port !== 'next' && (
        <EdgeLabelRenderer>
          <span
            className="way-label"
            data-bad={isBad(way.port)}
            style={{ transform: `translate(-50%, -50%) translate(${way.label.x}px, ${way.label.y}px)` }}
          >
            {humanize(way.port)}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
}
