import { applyDocuments, type Body, type ConfigurationDocument } from '@client/configuration';
import { DeleteDocument } from '@kit/DeleteDocument';
import { ProblemNotice } from '@kit/feedback';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Button, Drawer } from 'antd';
import { type ReactNode, useState } from 'react';
import { TextField } from '@kit/forms/fields';
import { usePermission } from '@kit/usePermission';
import { ExplainedButton } from '@kit/ExplainedButton';

export const writePermissionRequired = 'Your role may not change the configuration';

/** Return a function that refetches all data based on configuration documents. */
export function useRefreshDocuments(): () => void {
  const queryClient = useQueryClient();
  return () => {
    void queryClient.invalidateQueries({ queryKey: ['configuration'] });
    void queryClient.invalidateQueries({ queryKey: ['sources'] });
  };
}

/** A form for one configuration document. Input is kept when the server rejects it. */
export function DocumentDrawer({
  document,
  isNew,
  isBuiltIn = false,
  noun,
  size = 680,
  onClose,
  validate,
  children,
}: {
  document: ConfigurationDocument;
  isNew: boolean;
  /** A built-in default, which cannot be deleted. */
  isBuiltIn?: boolean;
  noun: string;
  size?: number;
  onClose: () => void;
  /** Return a validation message, or an empty string. */
  validate?: (body: Body) => string;
  children: (body: Body, set: (part: Body) => void, replace: (body: Body) => void) => ReactNode;
}) {
  const { message } = App.useApp();
  const refresh = useRefreshDocuments();
  const canWrite = usePermission('configuration.write');
  const [name, setName] = useState(document.name);
  const [body, setBody] = useState<Body>(document.body);
  const set = (part: Body): void => setBody((before) => ({ ...before, ...part }));
  const validationMessage = name.trim() === '' ? 'Enter a name' : (validate?.(body) ?? '');
  const save = useMutation({
    mutationFn: () => applyDocuments([{ kind: document.kind, name: name.trim(), body: withoutEmptyFields(body) }]),
    onSuccess: ([change]) => {
      refresh();
      const fields = change?.paths.length ?? 0;
      const outcome = change?.change === 'added' ? 'added' : change?.change === 'unchanged' ? 'unchanged' : `saved: ${fields} changed`;
      message.success(`${name.trim()} ${outcome}`);
      onClose();
    },
  });
  return (
    <Drawer
      open
      size={size}
      onClose={onClose}
      title={isNew ? `New ${noun}` : `${noun.charAt(0).toUpperCase()}${noun.slice(1)} ${document.name}`}
      footer={
        <div className="drawer-foot">
          {!isNew && !isBuiltIn && (
            <span className="drawer-foot-away">
              <DeleteDocument
                document={document}
                noun={noun}
                allowed={canWrite}
                disabledReason={writePermissionRequired}
                onChanged={refresh}
                onDeleted={onClose}
              />
            </span>
          )}
          <Button onClick={onClose}>Cancel</Button>
          <ExplainedButton
            type="primary"
            allowed={canWrite && validationMessage === ''}
            disabledReason={canWrite ? validationMessage : writePermissionRequired}
            loading={save.isPending}
            onClick={() => save.mutate()}
          >
            Save {noun}
          </ExplainedButton>
        </div>
      }
    >
      {save.error && <ProblemNotice compact error={save.error} />}
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (canWrite && validationMessage === '') save.mutate();
        }}
      >
        {isNew && <TextField wide label="Name" hint="Unique identifier. It cannot be changed later." value={name} onChange={setName} />}
        {children(body, set, setBody)}
        <button type="submit" hidden aria-hidden="true" tabIndex={-1} />
      </form>
    </Drawer>
  );
}

/** Remove empty fields, which then have their default. */
function withoutEmptyFields(body: Body): Body {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined && value !== ''));
}
