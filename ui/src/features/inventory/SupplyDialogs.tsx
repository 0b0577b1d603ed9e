import { SubmitFooter } from '@kit/SubmitFooter';
import { saveSupplyOrder, receiveSupply, shipSupply, type SupplyLine, type SupplyOrder } from '@client/inventory';
import { Problem } from '@client/problem';
import { ProblemNotice } from '@kit/feedback';
import { formatNumber } from '@kit/format';
import { humanize } from '@vocabulary';
import { useMutation } from '@tanstack/react-query';
import { App, Button, Input, Modal, Segmented } from 'antd';
import { useState } from 'react';
import { ProductField, SourceField } from './pickers';
import { isQuantity, newRequestId } from './labels';

const throwIfRefused = (reason: string, remedy: string): void => {
  if (reason) throw new Problem({ what: humanize(reason), remedy });
};

interface LineDialogProps {
  line: SupplyLine;
  onClose: () => void;
  onDone: () => void;
}

/** Dialog to receive units of a supply line. */
export function ReceiveSupplyDialog({ line, onClose, onDone }: LineDialogProps) {
  return (
    <MoveSupplyDialog
      title={`Receive ${line.product} at ${line.source}`}
      confirmLabel="Receive"
      suggestedQuantity={line.open}
      description={`${lineLabel(line)}: ${formatNumber(line.open)} open. Received units are available immediately.`}
      quantityLabel="Units received"
      surplusNote="This exceeds the open quantity. The surplus is also received."
      move={(quantity, id) => receiveSupply(line, quantity, id)}
      successMessage={(quantity) => `Received ${quantity} × ${line.product} at ${line.source}`}
      onClose={onClose}
      onDone={onDone}
    />
  );
}

/** Dialog to ship units of a transfer line. */
export function ShipSupplyDialog({ line, onClose, onDone }: LineDialogProps) {
  return (
    <MoveSupplyDialog
      title={`Ship ${line.product} from ${line.origin}`}
      confirmLabel="Ship"
      suggestedQuantity={line.to_ship}
      description={`${lineLabel(line)}: ${formatNumber(line.to_ship)} to ship. Shipped units leave stock at ${line.origin} and stay expected at ${line.source}.`}
      quantityLabel="Units shipped"
      surplusNote="This exceeds the open quantity. The surplus is also shipped."
      move={(quantity, id) => shipSupply(line, quantity, id)}
      successMessage={(quantity) => `Shipped ${quantity} × ${line.product} from ${line.origin}`}
      onClose={onClose}
      onDone={onDone}
    />
  );
}

const lineLabel = (line: SupplyLine): string => `${humanize(line.kind)} ${line.number}, line ${line.line_number}`;

interface MoveSupplyProps {
  title: string;
  confirmLabel: string;
  suggestedQuantity: number;
  description: string;
  quantityLabel: string;
  surplusNote: string;
  move: (quantity: string, id: string) => Promise<string>;
  successMessage: (quantity: string) => string;
  onClose: () => void;
  onDone: () => void;
}

/** Dialog for a quantity. The request id makes retries safe. */
function MoveSupplyDialog({
  title,
  confirmLabel,
  suggestedQuantity,
  description,
  quantityLabel,
  surplusNote,
  move,
  successMessage,
  onClose,
  onDone,
}: MoveSupplyProps) {
  const { message } = App.useApp();
  const [id] = useState(newRequestId);
  const [quantity, setQuantity] = useState(String(suggestedQuantity));
  const mutation = useMutation({
    mutationFn: async () => throwIfRefused(await move(quantity, id), 'Reload the line; it may have changed.'),
    onSuccess: () => {
      message.success(successMessage(formatNumber(Number(quantity))));
      onDone();
      onClose();
    },
  });
  return (
    <Modal
      open
      title={title}
      onCancel={onClose}
      footer={
        <SubmitFooter
          label={confirmLabel}
          disabledReason={isQuantity(quantity) ? '' : 'Enter a quantity above zero'}
          loading={mutation.isPending}
          onCancel={onClose}
          onSubmit={() => mutation.mutate()}
        />
      }
    >
      <div className="act-form">
        <p className="muted">{description}</p>
        <label className="field">
          {quantityLabel}
          <Input autoFocus inputMode="decimal" value={quantity} onChange={(event) => setQuantity(event.target.value.trim())} />
        </label>
        {isQuantity(quantity) && Number(quantity) > suggestedQuantity && <p className="muted">{surplusNote}</p>}
        {mutation.error && <ProblemNotice compact error={mutation.error} />}
      </div>
    </Modal>
  );
}

interface DraftLine {
  key: number;
  product: string;
  source: string;
  origin: string;
  ship_date: string;
  quantity: string;
  expected_date: string;
  confidencePercent: string;
}

const newDraftLine = (key: number): DraftLine => ({
  key,
  product: '',
  source: '',
  origin: '',
  ship_date: '',
  quantity: '',
  expected_date: '',
  confidencePercent: '100',
});
/** What a line still lacks, or ''. */
function missingIn(line: DraftLine, kind: SupplyOrder['kind']): string {
  if (line.product.trim() === '') return 'Enter a product';
  if (kind === 'transfer' && line.origin === '') return 'Choose where the goods come from';
  if (line.source === '') return 'Choose the source that receives it';
  if (kind === 'transfer' && line.origin === line.source) return 'Choose two different sources';
  if (!isQuantity(line.quantity)) return 'Enter a quantity above zero';
  if (line.expected_date === '') return 'Enter the expected date';
  return /^(100|\d{1,2})$/.test(line.confidencePercent) ? '' : 'Enter a confidence from 0 to 100';
}

/** Dialog for a purchase or transfer order. Input is kept on refusal. */
export function AddSupplyDialog({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const { message } = App.useApp();
  const [kind, setKind] = useState<SupplyOrder['kind']>('purchase');
  const [number, setNumber] = useState('');
  const [lines, setLines] = useState<DraftLine[]>([newDraftLine(1)]);
  const set = (key: number, part: Partial<DraftLine>): void =>
    setLines((before) => before.map((line) => (line.key === key ? { ...line, ...part } : line)));
  const mutation = useMutation({
    mutationFn: async () =>
      throwIfRefused(
        await saveSupplyOrder({
          kind,
          number: number.trim(),
          lines: lines.map((line, index) => ({
            line_number: index + 1,
            product: line.product.trim(),
            source: line.source,
            quantity: line.quantity,
            expected_date: line.expected_date,
            confidence: String(Number(line.confidencePercent) / 100),
            origin: kind === 'transfer' ? line.origin : '',
            ship_date: (kind === 'transfer' && line.ship_date) || null,
          })),
        }),
        'Correct the order and save it again. Nothing was saved.',
      ),
    onSuccess: () => {
      message.success(`${humanize(kind)} ${number.trim()} added`);
      onDone();
      onClose();
    },
  });
  const incomplete = lines.findIndex((line) => missingIn(line, kind) !== '');
  const missing =
    number.trim() === ''
      ? 'Enter a number first'
      : lines[incomplete] === undefined
        ? ''
        : `${missingIn(lines[incomplete], kind)} in line ${incomplete + 1}`;
  return (
    <Modal
      open
      width={720}
      title="Add supply order"
      onCancel={onClose}
      footer={
        <SubmitFooter
          label="Add supply order"
          disabledReason={missing}
          loading={mutation.isPending}
          onCancel={onClose}
          onSubmit={() => mutation.mutate()}
        />
      }
    >
      <div className="act-form">
        <Segmented
          aria-label="Kind"
          value={kind}
          options={[
            { value: 'purchase', label: 'Purchase order' },
            { value: 'transfer', label: 'Transfer order' },
          ]}
          onChange={setKind}
        />
        <label className="field">
          Number
          <Input
            value={number}
            placeholder={kind === 'transfer' ? 'For example: TO-118' : 'For example: PO-1044'}
            onChange={(event) => setNumber(event.target.value)}
          />
        </label>
        {lines.map((line, index) => (
          <fieldset key={line.key} className="draft-line">
            <legend>Line {index + 1}</legend>
            <label className="field">
              Product
              <ProductField
                label={`Product of line ${index + 1}`}
                value={line.product}
                onChange={(product) => set(line.key, { product })}
              />
            </label>
            {kind === 'transfer' && (
              <label className="field">
                From
                <SourceField label={`Origin of line ${index + 1}`} value={line.origin} onChange={(origin) => set(line.key, { origin })} />
              </label>
            )}
            <label className="field">
              To
              <SourceField label={`Source of line ${index + 1}`} value={line.source} onChange={(source) => set(line.key, { source })} />
            </label>
            <label className="field">
              Units
              <Input
                inputMode="decimal"
                value={line.quantity}
                onChange={(event) => set(line.key, { quantity: event.target.value.trim() })}
              />
            </label>
            {kind === 'transfer' && (
              <label className="field">
                Ship date
                <Input type="date" value={line.ship_date} onChange={(event) => set(line.key, { ship_date: event.target.value })} />
              </label>
            )}
            <label className="field">
              Expected
              <Input type="date" value={line.expected_date} onChange={(event) => set(line.key, { expected_date: event.target.value })} />
            </label>
            <label className="field">
              Confidence, %
              <Input
                inputMode="numeric"
                value={line.confidencePercent}
                onChange={(event) => set(line.key, { confidencePercent: event.target.value.trim() })}
              />
            </label>
            {lines.length > 1 && (
              <Button size="small" onClick={() => setLines((before) => before.filter((item) => item.key !== line.key))}>
                Remove line {index + 1}
              </Button>
            )}
          </fieldset>
        ))}
        <Button onClick={() => setLines((before) => [...before, newDraftLine((before.at(-1)?.key ?? 0) + 1)])}>Add line</Button>
        {mutation.error && <ProblemNotice compact error={mutation.error} />}
      </div>
    </Modal>
  );
}
