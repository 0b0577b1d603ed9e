import { Button, type ButtonProps, Tooltip } from 'antd';

/** A button that, when it may not be pressed, stays reachable by keyboard and says why. */
export function ExplainedButton({ allowed, why, onClick, ...rest }: ButtonProps & { allowed: boolean; why: string }) {
  if (allowed) return <Button {...rest} onClick={onClick} />;
  return (
    <Tooltip title={why}>
      <Button
        {...rest}
        danger={false}
        type="default"
        className="refused"
        aria-disabled="true"
        aria-description={why}
        onClick={(event) => event.preventDefault()}
      />
    </Tooltip>
  );
}
