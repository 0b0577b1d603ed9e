import type { Demo } from '@client/demo';

/** One thing an order manager does, with the page on which it is done. */
export interface TourStep {
  name: string;
  title: string;
  text: string;
  /** Null while the page does not exist yet; undefined when the step is done in the panel itself. */
  path?: (demo: Demo | undefined) => string | null;
  /** The address of a page outside the product, which opens in a tab of its own. */
  url?: (demo: Demo | undefined) => string | undefined;
}

const orderPath = (id: string | null | undefined): string | null => (id ? `/orders/${id}` : null);

/** The steps of the tour: first the story of Fabrikam Retail from the storefront to the return, then more of the work. */
export const tourSteps: readonly TourStep[] = [
  {
    name: 'storefront_order',
    title: 'Place an order in the store',
    text: 'Open the storefront as a shopper and place an order. Within half a minute it arrives here.',
    url: (demo) => demo?.storefront_url,
  },
  {
    name: 'watch_order',
    title: 'Watch an order ship',
    text: 'Open your order, or another that is in process, and keep it open. It ships within a minute, and the page follows.',
    path: (demo) => orderPath(demo?.order_of_storefront) ?? orderPath(demo?.order_in_process) ?? '/orders?state=fulfillment_in_process',
  },
  {
    name: 'correct_order',
    title: 'Correct an order that failed validation',
    text: 'Order something to Canada, where Fabrikam does not ship. Open the failed order, edit its address and reprocess it.',
    path: () => '/my-work/runs',
  },
  {
    name: 'parked_mapping',
    title: 'Map the unknown product of a parked order',
    text: 'Map the misspelled SKU LAMP-OAK-1 to a product. The order is received at once.',
    path: () => '/my-work/messages',
  },
  {
    name: 'return_items',
    title: 'Return items',
    text: 'Return items of an order that has shipped, then receive and inspect them. The refund follows the inspection.',
    path: (demo) => orderPath(demo?.completed_order) ?? '/orders?state=completed',
  },
  {
    name: 'sourcing_decision',
    title: 'See why a source was chosen',
    text: 'Open the sourcing decision of an order: what each source would have cost, and why others were refused.',
    path: (demo) => orderPath(demo?.completed_order) ?? '/orders?state=completed',
  },
  {
    name: 'find_by_email',
    title: 'Find an order by e-mail address',
    text: 'Search the orders for a part of an address, such as lindt@.',
    path: () => '/orders',
  },
  {
    name: 'hold_and_release',
    title: 'Place an order on hold and release it',
    text: 'Place a hold with a reason on an order that has not shipped, then release it.',
    path: () => '/orders?state=on_hold',
  },
  {
    name: 'receive_supply',
    title: 'Receive a delivery that orders wait for',
    text: 'Receive purchase order PO-2042. The backorder for its blankets is released and ships.',
    path: () => '/inventory/supply',
  },
  {
    name: 'order_by_hand',
    title: 'Enter an order by hand',
    text: 'Enter an order as you would on the telephone. It gets a number of its own and is processed like any other.',
    path: () => '/orders/new',
  },
  {
    name: 'change_order',
    title: 'Change an order and undo it',
    text: 'Edit an order that has not shipped. The preview shows the money and the tasks before you apply the change.',
    path: () => '/orders?state=on_hold',
  },
  {
    name: 'refund',
    title: 'Refund a part of a payment',
    text: 'Open an order that has shipped. Its card Payments shows what was captured, and refunds a part of it.',
    path: (demo) => orderPath(demo?.completed_order) ?? '/orders?state=completed',
  },
  {
    name: 'outage',
    title: 'Break the 3PL, then fix it',
    text: 'Use the buttons above, and send ten orders in between. They wait, and continue once the 3PL responds again.',
  },
];
