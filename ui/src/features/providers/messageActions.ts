import { discardMessages, replayMessages } from '@client/providers';
import type { BulkAction } from '@kit/list';

export const messageActions: readonly BulkAction[] = [
  {
    name: 'replay',
    label: 'Replay',
    description: 'The message is processed again with the current mappings.',
    run: (ids) => replayMessages(ids),
  },
  {
    name: 'discard',
    label: 'Discard',
    danger: true,
    description: 'The message is not processed. It stays available in the Discarded state.',
    run: (ids) => discardMessages(ids),
  },
];
