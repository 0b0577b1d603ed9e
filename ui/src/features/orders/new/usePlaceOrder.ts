import { checkOrder, type NewOrder, placeOrder } from '@client/orders';
import { Problem } from '@client/problem';
import { useSettled } from '@kit/useSettled';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { orderOf, type OrderDraft } from './orderDraft';

const CHECK_AFTER_MS = 350;
/** Keeps a check from giving a number; the order has one once it is placed. */
const UNNUMBERED = 'new';

/** What the server says of a draft: its totals and problems. */
export function useOrderCheck(draft: OrderDraft) {
  const [openedAt] = useState(() => new Date().toISOString());
  const order = JSON.stringify({ ...orderOf(draft, openedAt), number: UNNUMBERED });
  const settled = useSettled(order, CHECK_AFTER_MS);
  const check = useQuery({
    queryKey: ['order-check', settled],
    queryFn: () => checkOrder(JSON.parse(settled) as NewOrder),
    placeholderData: (before) => before,
  });
  return { check, isCurrent: settled === order && !check.isPlaceholderData && check.data !== undefined };
}

interface Placed {
  id: string;
  number: string;
}

/** Place a draft: the server numbers it and computes its total. Sent again after a lost answer, it is placed once. */
export function usePlaceOrder(draft: OrderDraft, onPlaced: (order: Placed) => void) {
  const queryClient = useQueryClient();
  const attempt = useRef({ count: 1, placedAt: '', number: '' });
  return useMutation({
    mutationFn: async (): Promise<Placed> => {
      const current = attempt.current;
      current.placedAt ||= new Date().toISOString();
      const order = { ...orderOf(draft, current.placedAt), ...(current.number === '' ? {} : { number: current.number }) };
      const checked = await checkOrder(order);
      current.number = checked.number;
      if (checked.problems.length > 0)
        throw new Problem({ what: 'The order cannot be placed yet', problems: checked.problems, status: 422 });
      const key = `${draft.id}-${current.count}`;
      const result = await placeOrder({ ...order, number: checked.number, total_amount: checked.total }, key);
      if (result?.ok) return { id: result.id, number: result.number };
      // The answer to this key is stored: a corrected order needs another one.
      current.count += 1;
      throw new Problem({ what: result?.problem?.what ?? 'The order was refused', ...result?.problem, status: 422 });
    },
    onSuccess: async (placed) => {
      await queryClient.invalidateQueries({ queryKey: ['orders'] });
      onPlaced(placed);
    },
  });
}
