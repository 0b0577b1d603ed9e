import { setShortcutsEnabled, shortcutsEnabled } from '@kit/shortcuts';
import { Checkbox, Modal } from 'antd';
import { useState } from 'react';

const groups = [
  {
    title: 'Everywhere',
    keys: [
      [['Ctrl', 'K'], 'Search, open a page or run an action'],
      [['?'], 'Show these shortcuts'],
      [['Esc'], 'Close a dialog, drawer or menu'],
    ],
  },
  {
    title: 'In a list',
    keys: [
      [['j'], 'Next row'],
      [['k'], 'Previous row'],
      [['Enter'], 'Open the row'],
      [['x'], 'Select the row'],
      [['/'], 'Search the list'],
    ],
  },
] as const;

/** The list of keyboard shortcuts. Those of a single key can be switched off. */
export default function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const [enabled, setEnabled] = useState(shortcutsEnabled);
  return (
    <Modal open title="Keyboard shortcuts" footer={null} onCancel={onClose} width={460}>
      {groups.map((group) => (
        <section key={group.title} className="shortcuts">
          <h3>{group.title}</h3>
          <dl>
            {group.keys.map(([keys, meaning]) => (
              <div key={meaning}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
      <Checkbox
        checked={enabled}
        onChange={(event) => {
          setShortcutsEnabled(event.target.checked);
          setEnabled(event.target.checked);
        }}
      >
        Use shortcuts of a single key
      </Checkbox>
    </Modal>
  );
}
