import { listStock } from '@client/inventory';
import type { OrderDetail, OrderLine } from '@client/orders';
import { QueryContent } from '@kit/feedback';
import { CalendarDate, Money, formatMoney, Quantity, formatNumber, formatQuantity, formatVariant } from '@kit/format';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { Card } from '@kit/layout';
import { StateTag } from '@kit/states';
import { reasonLabel } from '@vocabulary';
import { useQuery } from '@tanstack/react-query';
import { Popover } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';

export function OrderLinesCard({ order }: { order: OrderDetail }) {
  const count = order.lines.length;
  const units = order.lines.reduce((sum, line) => sum + line.quantity, 0);
  return (
    <Card
      flush
      title="Lines"
      extra={`${count} ${count === 1 ? 'line' : 'lines'}, ${formatQuantity(units)} ${units === 1 ? 'unit' : 'units'}`}
    >
      <HorizontalScroll label="Lines">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">Product</th>
              <th scope="col" className="num">
                Ordered
              </th>
              <th scope="col" className="num">
                Shipped
              </th>
              <th scope="col">Source</th>
              <th scope="col">State</th>
              <th scope="col" className="num">
                Total
              </th>
            </tr>
          </thead>
          <tbody>
            {order.lines.map((line) => (
              <tr key={line.id}>
                <td>
                  <span className="two-line">
                    <span className="strong">{line.name || line.product}</span>
                    <span className="muted">{line.name && line.name !== line.product ? line.product : `Line ${line.line_number}`}</span>
                    {formatVariant(line.variant) && <span className="muted">{formatVariant(line.variant)}</span>}
                    {deliveryLabel(line) && <span className="muted">{deliveryLabel(line)}</span>}
                  </span>
                </td>
                <td className="num">
                  <Quantity value={line.quantity} unit={line.unit} />
                </td>
                <td className="num">
                  <ShippedQuantity line={line} />
                </td>
                <td>
                  <Availability line={line} />
                </td>
                <td>
                  <span className="two-line">
                    <span>
                      <StateTag state={line.state} />
                    </span>
                    <span className="muted">{reasonLabel(line.state_reason)}</span>
                    <LinePromise line={line} />
                  </span>
                </td>
                <td className="num">
                  <span className="two-line">
                    <Money amount={line.total} currency={order.currency} />
                    {line.quantity !== 1 && <span className="muted figure">{formatMoney(line.unit_price, order.currency)} each</span>}
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </HorizontalScroll>
    </Card>
  );
}

/** How a line is delivered, where it is not shipped to the address of the order. */
function deliveryLabel(line: OrderLine): string {
  if (line.delivery === 'digital') return 'Delivered digitally';
  if (line.delivery === 'pickup') return 'Collected at its source';
  return line.ship_to ? `Ships to ${[line.ship_to.name, line.ship_to.city].filter(Boolean).join(', ')}` : '';
}

function ShippedQuantity({ line }: { line: OrderLine }) {
  const otherQuantities = [
    line.canceled > 0 && `${formatQuantity(line.canceled)} canceled`,
    line.returned > 0 && `${formatNumber(line.returned)} returned`,
  ]
    .filter(Boolean)
    .join(', ');
  return (
    <span className="two-line">
      <span className="figure">{formatQuantity(line.shipped)}</span>
      {otherQuantities && <span className="muted nowrap">{otherQuantities}</span>}
    </span>
  );
}

/** The promise date of a line, and the link of a waiting one. */
function LinePromise({ line }: { line: OrderLine }) {
  if (!['Backorder Hold', 'Preorder Hold'].includes(line.state_reason) || line.state !== 'on_hold') {
    return line.requested_delivery_date ? (
      <span className="small">
        promised for <CalendarDate date={line.requested_delivery_date} />
      </span>
    ) : null;
  }
  return (
    <span className="small">
      {line.available_on && (
        <>
          promised for <CalendarDate date={line.available_on} />,{' '}
        </>
      )}
      <Link to={`/waiting-lines?open=${line.id}`}>view waiting line</Link>
    </span>
  );
}

/** The source of a line, and on demand its stock at all sources. */
function Availability({ line }: { line: OrderLine }) {
  const [open, setOpen] = useState(false);
  return (
    <span className="two-line">
      <span>{line.source ?? <span className="muted">Not sourced</span>}</span>
      <Popover
        trigger="click"
        open={open}
        onOpenChange={setOpen}
        title={`Stock of ${line.product}`}
        content={open && <StockNow product={line.product} />}
      >
        <button type="button" className="link-button small nowrap" style={{ justifySelf: 'start' }}>
          Check stock
        </button>
      </Popover>
    </span>
  );
}

function StockNow({ product }: { product: string }) {
  const stock = useQuery({ queryKey: ['inventory', 'of', product], queryFn: () => listStock({ product, limit: 100 }), staleTime: 0 });
  return (
    <div className="stock-popover">
      <QueryContent query={stock}>
        {({ items }) =>
          items.length === 0 ? (
            <span className="muted">No source has stock of this product.</span>
          ) : (
            <table className="plain">
              <thead>
                <tr>
                  <th scope="col">Source</th>
                  <th scope="col" className="num">
                    Available
                  </th>
                  <th scope="col" className="num">
                    Reserved
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map((row) => (
                  <tr key={row.id}>
                    <td>{row.source}</td>
                    <td className="num figure strong">{formatNumber(row.available)}</td>
                    <td className="num figure">{formatNumber(row.reserved)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </QueryContent>
    </div>
  );
}
