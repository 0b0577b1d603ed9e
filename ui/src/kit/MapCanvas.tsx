import type { Feature, FeatureCollection, GeoJSON, LineString } from 'geojson';
import * as maplibre from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import 'maplibre-gl/dist/maplibre-gl.css';
import { use, useEffect, useRef } from 'react';
import { getTowns } from '@client/towns';
import { feature, mesh } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import statesUrl from 'us-atlas/states-10m.json?url';
import atlasUrl from 'world-atlas/countries-50m.json?url';
import type { MapProps } from './MapView';
import { type Place, townsWithSpace } from './mapTowns';
import { usePreferences } from './preferences';
import { palettes } from './tokens';

type World = Topology<{ countries: GeometryCollection; land: GeometryCollection }>;
type States = Topology<{ states: GeometryCollection }>;
interface Outlines {
  land: GeoJSON;
  borders: Feature;
  states: Feature;
}

maplibre.setWorkerUrl(workerUrl);

const load = async <T,>(url: string): Promise<T> => (await (await fetch(url)).json()) as T;
const lines = (geometry: Feature['geometry']): Feature => ({ type: 'Feature', properties: {}, geometry });

async function loadOutlines(): Promise<Outlines> {
  const [world, us] = await Promise.all([load<World>(atlasUrl), load<States>(statesUrl)]);
  return {
    land: feature(world, world.objects.land),
    borders: lines(mesh(world, world.objects.countries, (a, b) => a !== b)),
    states: lines(mesh(us, us.objects.states, (a, b) => a !== b)),
  };
}

// Loaded once, by the first map.
const outlines = loadOutlines();

/** A curved line between two places. */
function arc(from: readonly [number, number], to: readonly [number, number]): Feature<LineString> {
  const bend = 0.14;
  const middle = [(from[0] + to[0]) / 2 - (to[1] - from[1]) * bend, (from[1] + to[1]) / 2 + Math.abs(to[0] - from[0]) * bend] as const;
  const coordinates = Array.from({ length: 33 }, (_, index) => {
    const t = index / 32;
    return [0, 1].map((axis) => (1 - t) ** 2 * (from[axis] ?? 0) + 2 * (1 - t) * t * (middle[axis] ?? 0) + t ** 2 * (to[axis] ?? 0));
  });
  return { type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates } };
}

function styleOf(
  { land, borders, states }: Outlines,
  colours: (typeof palettes)['light'],
  routes: FeatureCollection,
): maplibre.StyleSpecification {
  return {
    version: 8,
    sources: {
      land: { type: 'geojson', data: land },
      borders: { type: 'geojson', data: borders },
      states: { type: 'geojson', data: states },
      routes: { type: 'geojson', data: routes },
    },
    layers: [
      { id: 'water', type: 'background', paint: { 'background-color': colours.water } },
      { id: 'land', type: 'fill', source: 'land', paint: { 'fill-color': colours.land } },
      {
        id: 'states',
        type: 'line',
        source: 'states',
        paint: { 'line-color': colours.border, 'line-width': 0.5, 'line-dasharray': [3, 2] },
      },
      { id: 'borders', type: 'line', source: 'borders', paint: { 'line-color': colours.border, 'line-width': 0.8 } },
      {
        id: 'routes',
        type: 'line',
        source: 'routes',
        paint: { 'line-color': colours.accentText, 'line-width': 1.6, 'line-dasharray': [2, 1.5] },
      },
    ],
  };
}

function marker(kind: string, label: string): HTMLElement {
  const element = document.createElement('div');
  element.className = 'map-pin';
  element.dataset.kind = kind;
  const text = document.createElement('span');
  text.textContent = label;
  // Labels of destinations are below and those of sources above, so that neighbors stay readable.
  const dot = document.createElement('i');
  element.append(...(kind === 'destination' ? [dot, text] : [text, dot]));
  return element;
}

function townLabel(name: string): HTMLElement {
  const element = document.createElement('div');
  element.className = 'map-town';
  element.textContent = name;
  return element;
}

/** Keeps labels of the largest towns on the visible part of a map; returns the function that ends it. */
function showTowns(map: maplibre.Map, pins: MapProps['pins']): () => void {
  let labels: maplibre.Marker[] = [];
  let request = new AbortController();
  const update = async (): Promise<void> => {
    request.abort();
    request = new AbortController();
    const bounds = map.getBounds();
    const area = {
      west: Math.max(-180, bounds.getWest()),
      south: Math.max(-90, bounds.getSouth()),
      east: Math.min(180, bounds.getEast()),
      north: Math.min(90, bounds.getNorth()),
    };
    // Without towns the map is still of use.
    const towns = await getTowns(area, request.signal).catch(() => undefined);
    if (!towns) return;
    labels.forEach((label) => label.remove());
    const project = (place: Place) => map.project([place.longitude, place.latitude]);
    labels = townsWithSpace(towns, pins, project, map.getContainer().clientWidth).map((town) =>
      new maplibre.Marker({ element: townLabel(town.name), anchor: 'center' }).setLngLat([town.longitude, town.latitude]).addTo(map),
    );
  };
  const onMove = (): void => void update();
  map.on('moveend', onMove);
  void update();
  return () => {
    request.abort();
    map.off('moveend', onMove);
  };
}

/** The map: outlines of countries and US states from bundled files and towns from the server, without external requests. */
export default function MapCanvas({ label, pins, routes = [], height }: MapProps) {
  const container = useRef<HTMLDivElement>(null);
  const { mode } = usePreferences();
  const outlineData = use(outlines);
  const serialized = JSON.stringify([pins, routes]);

  useEffect(() => {
    if (!container.current) return;
    const [shownPins, shownRoutes] = JSON.parse(serialized) as [MapProps['pins'], NonNullable<MapProps['routes']>];
    const coordinatesById = new Map(shownPins.map((pin) => [pin.id, [pin.longitude, pin.latitude] as const]));
    const lines = shownRoutes.flatMap(([from, to]) => {
      const start = coordinatesById.get(from);
      const end = coordinatesById.get(to);
      return start && end ? [arc(start, end)] : [];
    });
    const map = new maplibre.Map({
      container: container.current,
      style: styleOf(outlineData, palettes[mode], { type: 'FeatureCollection', features: lines }),
      attributionControl: false,
      renderWorldCopies: false,
      dragRotate: false,
      pitchWithRotate: false,
      cooperativeGestures: true,
      fadeDuration: 0,
    });
    map.addControl(new maplibre.NavigationControl({ showCompass: false }), 'top-right');
    for (const pin of shownPins) {
      new maplibre.Marker({ element: marker(pin.kind, pin.label), anchor: pin.kind === 'destination' ? 'top' : 'bottom' })
        .setLngLat([pin.longitude, pin.latitude])
        .addTo(map);
    }
    const bounds = new maplibre.LngLatBounds();
    shownPins.forEach((pin) => bounds.extend([pin.longitude, pin.latitude]));
    if (!bounds.isEmpty())
      map.fitBounds(bounds, {
        padding: { top: 60, bottom: 48, left: 56, right: 64 },
        maxZoom: shownPins.length === 1 ? 2.6 : 5,
        animate: false,
      });
    const hideTowns = showTowns(map, shownPins);
    return () => {
      hideTowns();
      map.remove();
    };
  }, [serialized, mode, outlineData]);

  return <div ref={container} className="map" style={{ height }} role="region" aria-label={label} />;
}
