import { listDocuments } from '@client/configuration';
import { findProducts } from '@client/inventory';
import { type Quote, type QuoteRequest, quoteCart } from '@client/sourcing';
import { CloseOutlined, PlusOutlined, ShoppingCartOutlined } from '@kit/icons';
import { EmptyState, ProblemNotice } from '@kit/feedback';
import { Page, Card } from '@kit/layout';
import { ExplainedButton } from '@kit/ExplainedButton';
import { useMutation, useQuery } from '@tanstack/react-query';
import { AutoComplete, Skeleton } from 'antd';
import { useState } from 'react';
import { SelectField, Field, documentOptions, NumberField, TextField } from '@kit/forms/fields';
import { QuoteResult } from './QuoteResult';
import { parseDimensions } from '../labels';
import '../optimization.css';

interface Line {
  key: number;
  product: string;
  variant: string;
  quantity: number;
}

const MAX_LINES = 200;

/** A quote for a cart and destination. Nothing is saved or reserved. */
export default function QuotePage() {
  const [lines, setLines] = useState<Line[]>([{ key: 1, product: '', variant: '', quantity: 1 }]);
  const [destination, setDestination] = useState({ city: '', state: '', postal_code: '', country: 'US' });
  const [options, setOptions] = useState({ strategy: '', carrier: '', requested_delivery_date: '' });
  const strategies = useQuery({ queryKey: ['configuration', 'strategy'], queryFn: () => listDocuments('strategy') });
  const carriers = useQuery({ queryKey: ['configuration', 'carrier'], queryFn: () => listDocuments('carrier') });
  const quote = useMutation<Quote, unknown, QuoteRequest>({ mutationFn: quoteCart });
  const filledLines = lines.filter((item) => item.product.trim() !== '');
  const validationMessage =
    filledLines.length === 0
      ? 'Add a product'
      : filledLines.some((entry) => parseDimensions(entry.variant) === undefined)
        ? 'Enter variants as colorid=red, sizeid=m'
        : destination.city.trim() === '' || destination.state.trim() === '' || destination.postal_code.trim() === ''
          ? 'Enter city, state and postal code'
          : destination.country.length !== 2
            ? 'Enter a two-letter country code'
            : '';
  const requestQuote = (): void => {
    if (validationMessage === '')
      quote.mutate({
        company: '',
        channel: '',
        customer: { name: '', number: '', group: '', email: '' },
        strategy: options.strategy,
        carrier: options.carrier,
        destination: { type: 'Any', line1: '', line2: '', line3: '', ...destination },
        lines: filledLines.map((candidate, index) => ({
          line_id: String(index + 1),
          product: candidate.product.trim(),
          quantity: candidate.quantity,
          free_shipping: false,
          dimensions: parseDimensions(candidate.variant) ?? {},
        })),
        requested_delivery_date: options.requested_delivery_date || null,
      });
  };
  const change = (key: number, part: Partial<Line>): void =>
    setLines((before) => before.map((current) => (current.key === key ? { ...current, ...part } : current)));
  return (
    <Page title="Quote" description="Check sources, cost and delivery dates for a cart. Nothing is saved or reserved.">
      <div className="quote">
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            requestQuote();
          }}
        >
          <Card title="Cart">
            <div className="form-rows">
              {lines.map((line, index) => (
                <div key={line.key} className="form-row" role="group" aria-label={`Line ${index + 1}`}>
                  <Product value={line.product} onChange={(product) => change(line.key, { product })} />
                  <span className="short">
                    <NumberField
                      label="Units"
                      min={1}
                      value={line.quantity}
                      onChange={(quantity) => change(line.key, { quantity: quantity ?? 1 })}
                    />
                  </span>
                  <ExplainedButton
                    icon={<CloseOutlined />}
                    aria-label={`Remove line ${index + 1}`}
                    allowed={lines.length > 1}
                    disabledReason="A cart has at least one line"
                    onClick={() => setLines((before) => before.filter((value) => value.key !== line.key))}
                  />
                  <TextField
                    wide
                    label="Variant"
                    placeholder="colorid=red, sizeid=m"
                    value={line.variant}
                    onChange={(variant) => change(line.key, { variant })}
                  />
                </div>
              ))}
              <ExplainedButton
                style={{ justifySelf: 'start' }}
                icon={<PlusOutlined />}
                allowed={lines.length < MAX_LINES}
                disabledReason={`A cart has ${MAX_LINES} lines at most`}
                onClick={() =>
                  setLines((before) => [
                    ...before,
                    { key: Math.max(...before.map((item) => item.key)) + 1, product: '', variant: '', quantity: 1 },
                  ])
                }
              >
                Add line
              </ExplainedButton>
            </div>
          </Card>
          <Card title="Destination">
            <div className="form">
              <TextField label="City" value={destination.city} onChange={(city) => setDestination({ ...destination, city })} />
              <TextField label="State" value={destination.state} onChange={(state) => setDestination({ ...destination, state })} />
              <TextField
                label="Postal code"
                value={destination.postal_code}
                onChange={(postal_code) => setDestination({ ...destination, postal_code })}
              />
              <TextField
                label="Country"
                value={destination.country}
                onChange={(country) => setDestination({ ...destination, country: country.toUpperCase().slice(0, 2) })}
              />
              <SelectField
                label="Strategy"
                emptyLabel="Default strategy"
                value={options.strategy}
                options={documentOptions(strategies.data ?? [])}
                onChange={(strategy) => setOptions({ ...options, strategy })}
              />
              <SelectField
                label="Rate with carrier"
                emptyLabel="None"
                value={options.carrier}
                options={documentOptions(carriers.data ?? [])}
                onChange={(carrier) => setOptions({ ...options, carrier })}
              />
              <TextField
                label="Requested delivery"
                type="date"
                value={options.requested_delivery_date}
                onChange={(requested_delivery_date) => setOptions({ ...options, requested_delivery_date })}
              />
              <div style={{ alignSelf: 'end', justifySelf: 'end' }}>
                <ExplainedButton
                  type="primary"
                  htmlType="submit"
                  allowed={validationMessage === ''}
                  disabledReason={validationMessage}
                  loading={quote.isPending}
                >
                  Get a quote
                </ExplainedButton>
              </div>
            </div>
          </Card>
        </form>
        <div className="stack" aria-live="polite">
          {quote.error !== null && <ProblemNotice error={quote.error} />}
          {quote.isPending && (
            <Card>
              <div aria-busy="true" aria-label="Loading quote">
                <Skeleton active title={false} paragraph={{ rows: 8, width: '100%' }} />
              </div>
            </Card>
          )}
          {quote.data && <QuoteResult quote={quote.data} />}
          {quote.isIdle && (
            <Card>
              <EmptyState icon={<ShoppingCartOutlined />} title="Add products to the cart">
                The quote shows promise dates, fulfillment cost and pickup options.
              </EmptyState>
            </Card>
          )}
        </div>
      </div>
    </Page>
  );
}

function Product({ value, onChange }: { value: string; onChange: (product: string) => void }) {
  const searchText = value.trim();
  const productsQuery = useQuery({
    queryKey: ['products', searchText],
    queryFn: () => findProducts(searchText),
    placeholderData: (before) => before,
  });
  return (
    <Field label="Product">
      {(id) => (
        <AutoComplete
          id={id}
          value={value}
          placeholder="SKU or name"
          options={(productsQuery.data ?? []).map((item) => ({ value: item.number, label: `${item.number} — ${item.name}` }))}
          onChange={(next: string) => onChange(next)}
        />
      )}
    </Field>
  );
}
