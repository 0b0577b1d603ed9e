import { putSupply, receiveSupply, type SupplyLine, type SupplyOrder } from '@client/inventory';
import { Problem } from '@client/problem';
import { ProblemNotice } from '@kit/feedback';
import { whole } from '@kit/figures';
import { inWords } from '@kit/states';
import { useMutation } from '@tanstack/react-query';
import { App, Button, Input, Modal, Segmented } from 'antd';
import { useState } from 'react';
import { ProductField, SourceField } from './fields';
import { isQuantity, newId } from './naming';

const refusedAs = (reason: string, remedy: string): void => {
  if (reason) throw new Problem({ what: inWords(reason), remedy });
};

/** Units of a line that arrived. Sending it twice counts it once. */
export function ReceiveSupply({ line, onClose, onDone }: { line: SupplyLine; onClose: () => void; onDone: () => void }) {
  const { message } = App.useApp();
  const [id] = useState(newId);
  const [quantity, setQuantity] = useState(String(line.open));
  const work = useMutation({
    mutationFn: async () =>
      refusedAs(await receiveSupply(line, quantity, id), 'Look at the line again: somebody may have received it meanwhile.'),
    onSuccess: () => {
      message.success(`Received ${whole(Number(quantity))} × ${line.product} at ${line.source}`);
      onDone();
      onClose();
    },
  });
  const over = isQuantity(quantity) && Number(quantity) > line.open;
  return (
    <Modal
      open
      title={`Receive ${line.product} at ${line.source}`}
      okText="Receive"
      cancelText="Keep as is"
      onCancel={onClose}
      onOk={() => work.mutate()}
      confirmLoading={work.isPending}
      okButtonProps={{ disabled: !isQuantity(quantity) }}
    >
      <div className="act-form">
        <p className="muted">
          {inWords(line.kind)} {line.number}, line {line.line_number}: {whole(line.open)} to come. Received units are on hand at once, and
          orders that wait for them go on.
        </p>
        <label className="field">
          Units that arrived
          <Input autoFocus inputMode="decimal" value={quantity} onChange={(event) => setQuantity(event.target.value.trim())} />
        </label>
        {over && <p className="muted">More than was to come; the surplus is received as well.</p>}
        {work.error && <ProblemNotice compact error={work.error} />}
      </div>
    </Modal>
  );
}

interface DraftLine {
  key: number;
  product: string;
  source: string;
  quantity: string;
  expected_date: string;
  sure: string;
}

const blank = (key: number): DraftLine => ({ key, product: '', source: '', quantity: '', expected_date: '', sure: '100' });
const complete = (line: DraftLine): boolean =>
  line.product.trim() !== '' &&
  line.source !== '' &&
  isQuantity(line.quantity) &&
  line.expected_date !== '' &&
  /^(100|\d{1,2})$/.test(line.sure);

/** A purchase or transfer order by hand; what was typed stays when it is refused. */
export function AddSupply({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const { message } = App.useApp();
  const [kind, setKind] = useState<SupplyOrder['kind']>('purchase');
  const [number, setNumber] = useState('');
  const [lines, setLines] = useState<DraftLine[]>([blank(1)]);
  const set = (key: number, part: Partial<DraftLine>): void =>
    setLines((before) => before.map((line) => (line.key === key ? { ...line, ...part } : line)));
  const work = useMutation({
    mutationFn: async () =>
      refusedAs(
        await putSupply({
          kind,
          number: number.trim(),
          lines: lines.map((line, index) => ({
            line_number: index + 1,
            product: line.product.trim(),
            source: line.source,
            quantity: line.quantity,
            expected_date: line.expected_date,
            confidence: String(Number(line.sure) / 100),
          })),
        }),
        'Correct it and send it again; nothing was taken in.',
      ),
    onSuccess: () => {
      message.success(`${inWords(kind)} ${number.trim()} is expected`);
      onDone();
      onClose();
    },
  });
  return (
    <Modal
      open
      width={720}
      title="Add supply order"
      okText="Add supply order"
      cancelText="Keep as is"
      onCancel={onClose}
      onOk={() => work.mutate()}
      confirmLoading={work.isPending}
      okButtonProps={{ disabled: number.trim() === '' || !lines.every(complete) }}
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
          <Input value={number} placeholder="For example: PO-1044" onChange={(event) => setNumber(event.target.value)} />
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
            <label className="field">
              Expected
              <Input type="date" value={line.expected_date} onChange={(event) => set(line.key, { expected_date: event.target.value })} />
            </label>
            <label className="field">
              Sure, in percent
              <Input inputMode="numeric" value={line.sure} onChange={(event) => set(line.key, { sure: event.target.value.trim() })} />
            </label>
            {lines.length > 1 && (
              <Button size="small" onClick={() => setLines((before) => before.filter((one) => one.key !== line.key))}>
                Remove line {index + 1}
              </Button>
            )}
          </fieldset>
        ))}
        <Button onClick={() => setLines((before) => [...before, blank((before.at(-1)?.key ?? 0) + 1)])}>One more line</Button>
        {work.error && <ProblemNotice compact error={work.error} />}
      </div>
    </Modal>
  );
}
