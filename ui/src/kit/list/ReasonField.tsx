import { Input } from 'antd';

interface Props {
  placeholder: string;
  value: string;
  onChange: (reason: string) => void;
}

/** The reason for an action, as the timeline of each row shows it. */
export function ReasonField({ placeholder, value, onChange }: Props) {
  return (
    <label className="field">
      Reason
      <Input.TextArea
        autoFocus
        rows={2}
        placeholder={placeholder}
        value={value}
        maxLength={500}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}
