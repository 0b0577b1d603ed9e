import { Money } from '@kit/format';

/** What the customer pays more or gets back. */
export function MoneyDifference({ amount, currency }: { amount: string; currency: string }) {
  const value = Number(amount);
  if (value === 0) return <span className="muted">Same price</span>;
  return (
    <span className="nowrap">
      {value > 0 ? 'To pay ' : 'To refund '}
      <Money strong amount={Math.abs(value)} currency={currency} />
    </span>
  );
}
