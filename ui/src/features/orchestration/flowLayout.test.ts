import { expect, test } from 'vitest';
import { flow } from '@tests/fixtures.mjs';
import { pathThrough, layoutFlow, STEP_HEIGHT, STEP_WIDTH, flowEdges } from './flowLayout';
import { stepSettings } from './StepDrawer';

test('steps of the layout do not overlap and every edge has a route', () => {
  const { steps, edges } = layoutFlow(flow.steps);
  expect(steps).toHaveLength(flow.steps.length);
  for (const [index, a] of steps.entries()) {
    for (const b of steps.slice(index + 1)) {
      const apart = Math.abs(a.x - b.x) >= STEP_WIDTH || Math.abs(a.y - b.y) >= STEP_HEIGHT;
      expect(apart, `${a.step.id} and ${b.step.id}`).toBe(true);
    }
  }
  expect(edges.every((edge) => edge.points.length >= 2)).toBe(true);
});

test('the start step is above the end step', () => {
  const place = new Map(layoutFlow(flow.steps).steps.map((step) => [step.step.id, step.y]));
  expect(place.get('start')).toBeLessThan(place.get('end') ?? 0);
});

test('a port without a target or with an unknown target has no edge', () => {
  const edges = flowEdges([
    {
      id: 'a',
      kind: 'action',
      kind_title: 'Action',
      title: 'A',
      ports: ['succeeded', 'failed', 'other'],
      to: { succeeded: 'b', other: 'gone' },
    },
    { id: 'b', kind: 'end', kind_title: 'End', title: 'B', ports: [], to: {} },
  ]);
  expect(edges).toEqual([{ id: 'a.succeeded', from: 'a', to: 'b', port: 'succeeded' }]);
});

test('a path bends through its points and ends at the last', () => {
  const path = pathThrough([
    { x: 0, y: 0 },
    { x: 10, y: 10 },
    { x: 20, y: 0 },
  ]);
  expect(path).toBe('M 0 0 Q 10 10 15 5 L 20 0');
});

test('the settings of a step exclude its id, kind, title and targets', () => {
  const document = { steps: [{ id: 'send', kind: 'provider_action', action: 'send', to: { succeeded: 'x' } }] };
  expect(stepSettings(document, 'send')).toEqual({ action: 'send' });
  expect(stepSettings(document, 'gone')).toEqual({});
});
