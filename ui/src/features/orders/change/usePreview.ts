import { applyChange, type AppliedChange, type ChangeOperation, type ChangePreview, previewChange } from '@client/orderChanges';
import { useSettled } from '@kit/useSettled';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

const PREVIEW_AFTER_MS = 350;

/** What operations would do to an order, as they are entered. */
export function usePreview(id: string, operations: ChangeOperation[]) {
  const wanted = JSON.stringify(operations);
  const settled = useSettled(wanted, PREVIEW_AFTER_MS);
  const preview = useQuery({
    queryKey: ['order-change-preview', id, settled],
    queryFn: () => previewChange(id, JSON.parse(settled) as ChangeOperation[]),
    enabled: settled !== '[]',
    placeholderData: (before) => before,
    retry: false,
    staleTime: 0,
  });
  const isCurrent = settled === wanted && settled !== '[]' && !preview.isPlaceholderData && preview.data !== undefined && !preview.error;
  return { preview, isCurrent, isEmpty: wanted === '[]' };
}

/** Apply operations to the version that was previewed. */
export function useApply(id: string, key: string, onApplied: (change: AppliedChange) => void) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ operations, preview, reason }: { operations: ChangeOperation[]; preview: ChangePreview; reason: string }) =>
      applyChange(id, { operations, version: preview.version, reason }, `${key}-${preview.version}`),
    onSuccess: async (change) => {
      await Promise.all([
        queryClient.invalidateQueries({ queryKey: ['order', id] }),
        queryClient.invalidateQueries({ queryKey: ['orders'] }),
      ]);
      onApplied(change);
    },
    // What was previewed is not what the order is now.
    onError: () => queryClient.invalidateQueries({ queryKey: ['order-change-preview', id] }),
  });
}
