import { type ChangeOperation, changeOrders } from '@client/orderChanges';
import { TextField } from '@kit/forms/fields';
import { ActionDialog, type RowsDialogProps } from '@kit/list';
import { useState } from 'react';

/** Another shipping method or delivery date for many orders, with a result for each. */
export default function ChangeManyDialog(props: RowsDialogProps) {
  const [method, setMethod] = useState('');
  const [date, setDate] = useState('');
  const operations: ChangeOperation[] = [];
  if (method.trim() !== '') operations.push({ kind: 'set_shipping_method', method: method.trim() });
  if (date !== '') operations.push({ kind: 'set_requested_date', date });
  return (
    <ActionDialog
      {...props}
      action={{
        name: 'change',
        label: 'Change',
        reasonPlaceholder: 'For example: the carrier is on strike',
        description: 'What was planned for these orders and not sent is canceled, and they are sourced for the new method or date.',
        outcomeLabels: ['changed', 'not changed'],
        run: (ids, reason) => changeOrders(ids, operations, reason),
      }}
      disabledReason={operations.length === 0 ? 'Enter a shipping method or a date' : ''}
      effects={
        <div className="form" style={{ marginBlock: 12 }}>
          <TextField label="Shipping method" hint="Empty keeps the method" value={method} onChange={setMethod} />
          <TextField type="date" label="Requested delivery" hint="Empty keeps the date" value={date} onChange={setDate} />
        </div>
      }
    />
  );
}
