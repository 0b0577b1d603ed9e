import { ExplainedButton } from '@kit/ExplainedButton';
import { listStockKeys } from '@client/inventory';
import { searchProducts } from '@client/masterData';
import type { OrderCheck } from '@client/orders';
import { CloseOutlined } from '@kit/icons';
import { Field, NumberField, SelectField } from '@kit/forms/fields';
import { formatVariant, Money } from '@kit/format';
import { useQuery } from '@tanstack/react-query';
import { AutoComplete } from 'antd';
import { useDeferredValue } from 'react';
import { type DraftLine, variantsOf } from './orderDraft';

interface Props {
  line: DraftLine;
  index: number;
  currency: string;
  /** What the server computed for the line. */
  checked: OrderCheck['lines'][number] | undefined;
  errorOf: (name: string, label: string, isEmpty: boolean) => string | undefined;
  onChange: (part: Partial<DraftLine>) => void;
  onRemove: (() => void) | undefined;
}

/** One line of an order that is entered by hand. */
export function LineFields({ line, index, currency, checked, errorOf, onChange, onRemove }: Props) {
  const decimals = checked?.unit_decimals ?? 0;
  const variants = useQuery({
    queryKey: ['product-variants', line.product],
    queryFn: async () => variantsOf((await listStockKeys({ product: line.product, limit: 500 })).items),
    enabled: line.unit !== '',
    retry: false,
  });
  const options = (variants.data ?? []).map((variant) => ({ value: JSON.stringify(variant), label: formatVariant(variant) }));
  const hasVariant = Object.keys(line.variant).length > 0;
  return (
    <div className="form-row with-end order-line" role="group" aria-label={`Line ${index + 1}`}>
      <div className="form-row-fields">
        <ProductChoice line={line} currency={currency} error={errorOf('product', 'Product', line.product === '')} onChange={onChange} />
        {options.length > 0 && (
          <SelectField
            label="Variant"
            error={errorOf('variant', 'Variant', !hasVariant)}
            emptyLabel="No variant"
            value={hasVariant ? JSON.stringify(line.variant) : ''}
            options={options}
            onChange={(next) => onChange({ variant: next === '' ? {} : (JSON.parse(next) as Record<string, string>) })}
          />
        )}
        <NumberField
          label="Quantity"
          unit={line.unit}
          step={10 ** -decimals}
          precision={checked === undefined ? undefined : decimals}
          error={errorOf('quantity', 'Quantity', line.quantity === null)}
          value={line.quantity}
          onChange={(quantity) => onChange({ quantity })}
        />
        <NumberField
          label="Unit price"
          unit={currency}
          error={errorOf('unit_price', 'Unit price', line.unitPrice === null)}
          value={line.unitPrice}
          onChange={(unitPrice) => onChange({ unitPrice })}
        />
        <NumberField
          label="Discount"
          unit={currency}
          error={errorOf('discount', 'Discount', line.discount === null)}
          value={line.discount}
          onChange={(discount) => onChange({ discount })}
        />
        <span className="order-line-amount">{checked && <Money amount={checked.amount} currency={currency} />}</span>
      </div>
      <ExplainedButton
        icon={<CloseOutlined />}
        aria-label={`Remove line ${index + 1}`}
        allowed={onRemove !== undefined}
        disabledReason="An order has at least one line"
        onClick={onRemove}
      />
    </div>
  );
}

/** Choose a product by number, SKU or title; it brings its unit and price. */
export function ProductChoice({
  line,
  currency,
  error,
  onChange,
}: {
  line: DraftLine;
  currency: string;
  error: string | undefined;
  onChange: (part: Partial<DraftLine>) => void;
}) {
  const words = useDeferredValue(line.product.trim());
  const products = useQuery({
    queryKey: ['orderable-products', words],
    queryFn: () => searchProducts(words),
    placeholderData: (before) => before,
  });
  const found = products.data ?? [];
  const choose = (number: string): void => {
    const product = found.find((candidate) => candidate.number === number);
    if (product === undefined) return;
    const hasPrice = product.list_price !== null && product.currency === currency;
    onChange({
      product: product.number,
      name: product.name,
      unit: product.unit,
      variant: {},
      unitPrice: hasPrice ? Number(product.list_price) : null,
    });
  };
  return (
    <Field label="Product" hint={line.name === '' || line.name === line.product ? undefined : line.name} error={error}>
      {(id, described) => (
        <AutoComplete
          {...described}
          id={id}
          status={error ? 'error' : undefined}
          placeholder="Number, SKU or title"
          value={line.product}
          popupMatchSelectWidth={340}
          options={found.map((product) => ({ value: product.number, product }))}
          optionRender={({ data: { product } }) => (
            <span className="product-option">
              <span className="two-line">
                <span>{product.name}</span>
                <span className="muted">
                  {product.number}
                  {product.sku !== '' && product.sku !== product.number && ` · ${product.sku}`}
                </span>
              </span>
              <span className="two-line product-price">
                {product.list_price !== null && <Money amount={product.list_price} currency={product.currency} />}
                <span className="muted">per {product.unit}</span>
              </span>
            </span>
          )}
          onChange={(next: string) => onChange({ product: next, name: '', unit: '', variant: {} })}
          onSelect={choose}
          onBlur={() => choose(line.product.trim())}
        />
      )}
    </Field>
  );
}
