import { lazy, Suspense, useEffect, useRef, useState } from 'react';
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
/** How far from the visible part of the page the map starts to load. */
const MARGIN = '150px';

/** Whether the element has been in sight; true at once where the browser cannot tell. */
function useSeen() {
  const ref = useRef<HTMLElement>(null);
  const [isSeen, setSeen] = useState(() => typeof IntersectionObserver === 'undefined');
  useEffect(() => {
    if (isSeen || ref.current === null) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) setSeen(true);
      },
      { rootMargin: MARGIN },
    );
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, [isSeen]);
  return [ref, isSeen] as const;
}

/** Places on an offline map, repeated as text for screen readers. The map is loaded when it comes into sight. */
export function MapView(props: MapProps) {
  const height = props.height ?? 240;
  const [ref, isSeen] = useSeen();
  const placeholder = <Skeleton.Node active style={{ width: '100%', height }} />;
  return (
    <figure ref={ref}>
      <ErrorBoundary fallback={<p className="muted small">This browser cannot display the map because WebGL is off.</p>}>
        {isSeen ? (
          <Suspense fallback={placeholder}>
            <Canvas {...props} height={height} />
          </Suspense>
        ) : (
          placeholder
        )}
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
