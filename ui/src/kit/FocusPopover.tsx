import { Popover, type PopoverProps } from 'antd';
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react';

const CONTROLS = 'button:not(:disabled), input:not(:disabled), a[href], [tabindex="0"]';

interface Props extends Omit<PopoverProps, 'content' | 'open' | 'onOpenChange' | 'trigger'> {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  content: ReactNode;
  /** Changes with the content; the focus moves to the first control of the new content. */
  contentKey?: string;
}

/**
 * A popover that can be used with the keyboard: it takes the focus when it opens, arrow keys move between its controls, Tab stays
 * inside, and Escape closes it and returns the focus to its button.
 */
export function FocusPopover({ open, onOpenChange, content, contentKey = '', children, ...rest }: Props) {
  return (
    <Popover
      {...rest}
      trigger="click"
      open={open}
      onOpenChange={onOpenChange}
      destroyOnHidden
      content={
        <PopoverBody key={contentKey} open={open} onClose={() => onOpenChange(false)}>
          {content}
        </PopoverBody>
      }
    >
      {children}
    </Popover>
  );
}

function moveFocus(body: HTMLElement, step: number): void {
  const controls = [...body.querySelectorAll<HTMLElement>(CONTROLS)];
  const index = controls.findIndex((control) => control === document.activeElement);
  controls[(index + step + controls.length) % controls.length]?.focus();
}

function PopoverBody({ open, onClose, children }: { open: boolean; onClose: () => void; children: ReactNode }) {
  const body = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return undefined;
    const element = body.current;
    const opener = document.activeElement;
    // The popover is placed in the next frame; what is not placed cannot take the focus.
    const frame = requestAnimationFrame(() => element?.querySelector<HTMLElement>(CONTROLS)?.focus());
    return () => {
      cancelAnimationFrame(frame);
      const lost = document.activeElement === document.body || element?.contains(document.activeElement) === true;
      if (lost && opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, [open]);
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    const isField = event.target instanceof HTMLInputElement && !['checkbox', 'radio'].includes(event.target.type);
    const isRadio = event.target instanceof HTMLInputElement && event.target.type === 'radio';
    if (event.key === 'Escape') {
      event.stopPropagation();
      onClose();
    } else if (event.key === 'Tab') {
      event.preventDefault();
      moveFocus(event.currentTarget, event.shiftKey ? -1 : 1);
    } else if (!isField && !isRadio && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      moveFocus(event.currentTarget, event.key === 'ArrowDown' ? 1 : -1);
    }
  };
  return (
    <div ref={body} onKeyDown={onKeyDown}>
      {children}
    </div>
  );
}
