import { Input } from 'antd';

interface Props {
  label?: string;
  placeholder: string;
  value: string;
  onChange: (reason: string) => void;
}

/** What an action needs: the reason that the timeline of each row shows, or another text. */
export function ReasonField({ label = 'Reason', placeholder, value, onChange }: Props) {
  return (
    <label className="field">
      {label}
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
