import type { ChangePreview } from '@client/orderChanges';
import { ProblemNotice } from '@kit/feedback';
import { CalendarDate, Money } from '@kit/format';
import { MoneyDifference } from './MoneyDifference';

const rows = [
  ['lines', 'Lines'],
  ['shipping', 'Shipping'],
  ['fees', 'Fees'],
  ['discount', 'Discount'],
  ['tax', 'Tax'],
  ['total', 'Total'],
  ['canceled', 'Canceled'],
  ['goodwill', 'Goodwill'],
] as const;
const optional: readonly string[] = ['fees', 'canceled', 'goodwill'];

/** Money, stock, tasks and promise before and after a change. */
export function ChangePreviewContent({
  preview,
  isCurrent,
  error,
}: {
  preview: ChangePreview | undefined;
  isCurrent: boolean;
  error: unknown;
}) {
  if (error) return <ProblemNotice compact error={error} />;
  if (preview === undefined) return <p className="muted">Change something, and its effects appear here.</p>;
  return (
    <div className="stack change-preview" aria-live="polite" aria-busy={!isCurrent} data-current={isCurrent}>
      <MoneyTable money={preview.money} />
      <ul className="change-words">
        {preview.words.map((word, index) => (
          <li key={`${index} ${word}`}>{word}</li>
        ))}
      </ul>
      {preview.stock.length > 0 && <StockList stock={preview.stock} />}
      <div>
        <h3>Promise</h3>
        <Promise promise={preview.promise} />
      </div>
      <div>
        <h3>Tasks</h3>
        {preview.tasks.length === 0 ? (
          <p className="muted">Nothing is recalled or sourced.</p>
        ) : (
          <ul className="change-words">
            {preview.tasks.map((task) => (
              <li key={task.text}>{task.text}</li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

function MoneyTable({ money }: { money: ChangePreview['money'] }) {
  const shown = rows.filter(([name]) => !optional.includes(name) || Number(money.before[name]) !== 0 || Number(money.after[name]) !== 0);
  return (
    <table className="plain change-money">
      <thead>
        <tr>
          <th scope="col">Money</th>
          <th scope="col" className="num">
            Before
          </th>
          <th scope="col" className="num">
            After
          </th>
        </tr>
      </thead>
      <tbody>
        {shown.map(([name, label]) => (
          <tr key={name} data-changed={money.before[name] !== money.after[name]} data-total={name === 'total'}>
            <th scope="row">{label}</th>
            <td className="num">
              <Money amount={money.before[name]} currency={money.currency} />
            </td>
            <td className="num">
              <Money amount={money.after[name]} currency={money.currency} strong={money.before[name] !== money.after[name]} />
            </td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">Difference</th>
          <td colSpan={2} className="num">
            <MoneyDifference amount={money.difference} currency={money.currency} />
          </td>
        </tr>
      </tfoot>
    </table>
  );
}

function StockList({ stock }: { stock: ChangePreview['stock'] }) {
  return (
    <div>
      <h3>Stock</h3>
      <ul className="change-words">
        {stock.map((need) => (
          <li key={need.line_number} data-enough={need.enough}>
            {need.product}: {need.enough ? 'in stock' : 'not in stock at one source'}, {Number(need.needed)} {need.unit} needed,{' '}
            {Number(need.available)} available
            {!need.enough && need.available_on && (
              <>
                , can be promised for <CalendarDate date={need.available_on} />
              </>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Promise({ promise }: { promise: ChangePreview['promise'] }) {
  const { before, after, expected_on: expectedOn } = promise;
  return (
    <p>
      {before === after ? (
        after ? (
          <>
            Stays <CalendarDate date={after} />
          </>
        ) : (
          <span className="muted">The order has no promised day.</span>
        )
      ) : (
        <>
          {before ? <CalendarDate date={before} /> : 'None'} → {after ? <CalendarDate date={after} /> : 'none'}
        </>
      )}
      {expectedOn && (
        <>
          . New units can be promised for <CalendarDate date={expectedOn} />.
        </>
      )}
    </p>
  );
}
