import { lazy, Suspense } from 'react';
import { Skeleton } from 'antd';
import { ErrorBoundary } from './ErrorBoundary';

export interface Pin {
  id: string;
  label: string;
  kind: 'source' | 'destination' | 'inactive';
  longitude: number;
  latitude: number;
}

export interface MapProps {
  label: string;
  pins: readonly Pin[];
  /** Pairs of pin ids to connect. */
  routes?: readonly (readonly [string, string])[];
  height?: number;
}

const Canvas = lazy(() => import('./MapCanvas'));

/** Places on an offline map, repeated as text for screen readers. */
export function MapView(props: MapProps) {
  const height = props.height ?? 240;
  return (
    <figure>
      <ErrorBoundary fallback={<p className="muted small">This browser cannot display the map because WebGL is off.</p>}>
        <Suspense fallback={<Skeleton.Node active style={{ width: '100%', height }} />}>
          <Canvas {...props} height={height} />
        </Suspense>
      </ErrorBoundary>
      <figcaption className="visually-hidden">
        {props.label}: {props.pins.map((pin) => `${pin.kind === 'destination' ? 'to' : 'from'} ${pin.label}`).join(', ')}
      </figcaption>
    </figure>
  );
}

/** A pin, or nothing when the coordinates are unknown. */
export function pinOf(pin: { id: string; label: string; kind: Pin['kind']; latitude?: number | null; longitude?: number | null }): Pin[] {
  const { latitude, longitude } = pin;
  return typeof latitude === 'number' && typeof longitude === 'number' ? [{ ...pin, latitude, longitude }] : [];
}
