import type { StockNeed } from '@client/orderChanges';
import type { OrderLine } from '@client/orders';
import { CloseOutlined, RollbackOutlined } from '@kit/icons';
import { NumberField } from '@kit/forms/fields';
import { formatQuantity, formatVariant } from '@kit/format';
import { Button } from 'antd';
import { ProductChoice } from '../new/LineFields';
import { newLine } from '../new/orderDraft';
import { type LineEdit, lineRefusal } from './changeDraft';

interface Props {
  line: OrderLine;
  edit: LineEdit;
  currency: string;
  stock: StockNeed | undefined;
  onChange: (part: Partial<LineEdit>) => void;
}

/** One line of an order in the edit mode. */
export function ChangeLineFields({ line, edit, currency, stock, onChange }: Props) {
  const refusal = lineRefusal(line);
  const fixed = line.shipped + line.canceled;
  const title = `Line ${line.line_number}`;
  return (
    <div className="change-line order-line" role="group" aria-label={title} data-removed={edit.removed}>
      <div className="change-line-name">
        <span className="strong">{line.name || line.product}</span>
        <span className="muted">
          {[title, line.product, formatVariant(line.variant), fixed > 0 && `${formatQuantity(fixed)} shipped or canceled`]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </div>
      {refusal === '' && (
        <div className="change-line-actions">
          {!edit.removed && (
            <Button size="small" onClick={() => onChange({ exchange: edit.exchange === null ? newLine() : null })}>
              {edit.exchange === null ? 'Exchange' : 'Keep product'}
            </Button>
          )}
          <Button
            size="small"
            icon={edit.removed ? <RollbackOutlined /> : <CloseOutlined />}
            aria-label={edit.removed ? `Keep ${title.toLowerCase()}` : `Remove ${title.toLowerCase()}`}
            onClick={() => onChange({ removed: !edit.removed })}
          >
            {edit.removed ? 'Keep' : 'Remove'}
          </Button>
        </div>
      )}
      {refusal !== '' && <p className="muted change-line-note">{refusal}.</p>}
      {refusal === '' && edit.removed && <p className="change-line-note">Removed. What has shipped of it stays.</p>}
      {refusal === '' && !edit.removed && (
        <div className="form-row-fields">
          {edit.exchange !== null && (
            <ProductChoice
              line={edit.exchange}
              currency={currency}
              error={undefined}
              onChange={(part) => edit.exchange !== null && onChange({ exchange: { ...edit.exchange, ...part } })}
            />
          )}
          <NumberField
            label="Quantity"
            unit={line.unit}
            step={10 ** -line.unit_decimals}
            precision={line.unit_decimals}
            hint={stock && `${Number(stock.available)} available${stock.enough ? '' : ', not enough at one source'}`}
            value={edit.quantity}
            onChange={(quantity) => onChange({ quantity })}
          />
          <NumberField label="Unit price" unit={currency} value={edit.unitPrice} onChange={(unitPrice) => onChange({ unitPrice })} />
          <NumberField label="Discount" unit={currency} value={edit.discount} onChange={(discount) => onChange({ discount })} />
        </div>
      )}
    </div>
  );
}
