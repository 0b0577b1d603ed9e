import { discardMessages, replayMessages } from '@client/providers';
import type { Verb } from '@kit/list';

export const messageActions: readonly Verb[] = [
  {
    name: 'replay',
    label: 'Replay',
    description: 'The message is read again from the beginning, with the mappings as they are now.',
    run: (ids) => replayMessages(ids),
  },
  {
    name: 'discard',
    label: 'Discard',
    danger: true,
    description: 'The message is set aside and never becomes an order. It stays readable here under the state Discarded.',
    run: (ids) => discardMessages(ids),
  },
];
