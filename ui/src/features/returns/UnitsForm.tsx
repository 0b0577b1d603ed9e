import { ExplainedButton } from '@kit/ExplainedButton';
import type { Disposition, ReturnLine, ReturnPolicy } from '@client/returns';
import { formatQuantity, formatVariant } from '@kit/format';
import { InputNumber, Select } from 'antd';
import { useState } from 'react';
import { dispositionLabels } from './returnActions';

export interface UnitsEntry {
  id: string;
  quantity: number;
  condition: string;
  disposition: Disposition;
}

/** Units of one line: how many, in which condition, and what becomes of them. */
export function UnitsForm({
  line,
  most,
  policy,
  action,
  busy,
  onSubmit,
}: {
  line: ReturnLine;
  most: number;
  policy: ReturnPolicy;
  action: string;
  busy: boolean;
  onSubmit: (entry: UnitsEntry) => void;
}) {
  const [quantity, setQuantity] = useState<number | null>(most);
  const [condition, setCondition] = useState(policy.conditions[0] ?? 'new');
  const [disposition, setDisposition] = useState<Disposition>('restock');
  const name = line.name || line.product;
  const variant = formatVariant(line.variant);
  return (
    <form
      className="units-form"
      aria-label={`${action} ${name}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (quantity) onSubmit({ id: line.id, quantity, condition, disposition });
      }}
    >
      <div className="two-line">
        <span className="strong">{name}</span>
        <span className="muted">
          {[line.product, variant, `${formatQuantity(most)} ${line.unit}`, line.reason_title].filter(Boolean).join(' · ')}
        </span>
      </div>
      <div className="units-fields">
        <label>
          <span>Units</span>
          <InputNumber
            min={0}
            max={most}
            precision={line.unit_decimals}
            value={quantity}
            onChange={setQuantity}
            aria-label={`Units of ${name}`}
            inputMode="decimal"
          />
        </label>
        <label>
          <span>Condition</span>
          <Select
            value={condition}
            onChange={setCondition}
            aria-label={`Condition of ${name}`}
            options={policy.conditions.map((value) => ({ value, label: value.charAt(0).toUpperCase() + value.slice(1) }))}
          />
        </label>
        <label>
          <span>Disposition</span>
          <Select
            value={disposition}
            onChange={setDisposition}
            aria-label={`Disposition of ${name}`}
            options={policy.dispositions.map((value) => ({ value: value as Disposition, label: dispositionLabels[value] ?? value }))}
          />
        </label>
        <ExplainedButton type="primary" htmlType="submit" loading={busy} allowed={Boolean(quantity)} disabledReason="Enter how many units">
          {action}
        </ExplainedButton>
      </div>
    </form>
  );
}
