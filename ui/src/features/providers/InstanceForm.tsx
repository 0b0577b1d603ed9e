import { applyDocuments, type Body, type ConfigurationDocument } from '@client/configuration';
import { type CatalogEntry, probeInstance, type ProviderInstance } from '@client/providers';
import { ExplainedButton } from '@kit/ExplainedButton';
import { ProblemNotice } from '@kit/feedback';
import { fieldErrors, problemText } from '@kit/forms/fieldErrors';
import { asRecord, asText, NumberField, TextField } from '@kit/forms/fields';
import { asObjectSchema, fieldSchema, type PropertySchema } from '@kit/forms/schema';
import { SchemaForm } from '@kit/forms/SchemaForm';
import { Card } from '@kit/layout';
import { StateTag } from '@kit/states';
import { usePermission } from '@kit/usePermission';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App } from 'antd';
import { type ReactNode, useState } from 'react';

/** How the server shows a secret that is stored, and what keeps it when it is sent back. */
const MASK = '********';
const secretAgain = 'Enter it again: it belongs to the previous connection settings';
const refusal = 'Your role may not change the configuration';

const secretsOf = (schema: PropertySchema): string[] =>
  Object.entries(schema.properties ?? {})
    .filter(([, property]) => fieldSchema(property, schema.$defs ?? {}).kind === 'secret')
    .map(([name]) => name);

const isSet = (value: unknown): boolean => value !== '' && value !== null && value !== undefined;

/** Whether the same fields are set to the same values, except for those left out. */
const isSame = (before: Body, after: Body, except: readonly string[]): boolean =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => !except.includes(name) && (isSet(before[name]) || isSet(after[name])))
    .every((name) => JSON.stringify(before[name]) === JSON.stringify(after[name]));

const withoutEmpty = (values: Body): Body => Object.fromEntries(Object.entries(values).filter(([, value]) => isSet(value)));

interface Saved {
  name: string;
  tested: ProviderInstance | undefined;
}

/** The settings of an installed provider, or of one to install. What was entered is kept when the server refuses it. */
export function InstanceForm({
  document,
  entry,
  isNew = false,
  onInstalled,
}: {
  document: ConfigurationDocument;
  entry: CatalogEntry;
  isNew?: boolean;
  onInstalled?: (name: string) => void;
}) {
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const mayChange = usePermission('configuration.write');
  const connectionSchema = asObjectSchema(entry.connection_schema);
  const parametersSchema = asObjectSchema(entry.parameters_schema);
  const secrets = secretsOf(connectionSchema);
  const stored = asRecord(document.body.connection);
  const [name, setName] = useState(document.name);
  const [body, setBody] = useState<Body>(document.body);
  const [connection, setConnection] = useState<Body>(() =>
    Object.fromEntries(Object.entries(stored).filter(([key]) => !secrets.includes(key))),
  );
  const [parameters, setParameters] = useState<Body>(asRecord(document.body.parameters));
  // The server requires the secrets again when another field of the connection differs.
  const moved = !isSame(stored, connection, secrets);
  const isStored = (secret: string): boolean => stored[secret] === MASK;

  const wanted = (): Body => {
    const kept = Object.fromEntries(secrets.filter((secret) => isStored(secret)).map((secret) => [secret, MASK]));
    return { ...body, connection: { ...kept, ...withoutEmpty(connection) }, parameters: withoutEmpty(parameters) };
  };
  const save = useMutation({
    mutationFn: async (): Promise<Saved> => {
      const target = name.trim();
      await applyDocuments([{ kind: document.kind, name: target, body: wanted() }]);
      // Saved either way: a connection that cannot be tested is shown by its state.
      const tested = await probeInstance(target).catch(() => undefined);
      return { name: target, tested };
    },
    onSuccess: ({ name: target, tested }) => {
      message.success(tested?.state === 'green' ? `Saved. Connected${tested.account ? ` to ${tested.account}` : ''}` : 'Saved');
      onInstalled?.(target);
    },
    onSettled: async (saved) => {
      if (saved === undefined) return;
      await queryClient.invalidateQueries({ queryKey: ['provider-instances'] });
      await queryClient.invalidateQueries({ queryKey: ['configuration'] });
    },
  });
  const names = [
    ...Object.keys(connectionSchema.properties ?? {}).map((key) => `connection.${key}`),
    ...Object.keys(parametersSchema.properties ?? {}).map((key) => `parameters.${key}`),
    ...['name', 'title', 'poll_seconds', 'mapping_group'],
  ];
  const refused = fieldErrors(save.error, names);
  const errorAt = (path: string, label: string): string | undefined => {
    const part = refused.byField.get(path);
    if (part === undefined) return undefined;
    return part.what.startsWith('is masked') ? `${secretAgain}.` : problemText(label, part);
  };
  const isUnchanged =
    !isNew &&
    !moved &&
    secrets.every((secret) => !isSet(connection[secret])) &&
    isSame(asRecord(document.body.parameters), parameters, []) &&
    isSame(document.body, body, ['connection', 'parameters']);
  const reason = !mayChange ? refusal : name.trim() === '' ? 'Enter a name' : 'Nothing has been changed';

  return (
    <form
      className="stack"
      aria-label="Settings"
      onSubmit={(event) => {
        event.preventDefault();
        if (mayChange && name.trim() !== '' && !isUnchanged) save.mutate();
      }}
    >
      {save.error !== null && !refused.isComplete && <ProblemNotice error={save.error} />}
      {refused.isComplete && refused.byField.size > 0 && (
        <p role="alert" className="field-problem">
          Not saved. Correct the marked {refused.byField.size === 1 ? 'field' : 'fields'}.
        </p>
      )}
      {save.data?.tested && save.data.tested.state !== 'green' && (
        <p role="status" className="row">
          Saved, but the connection test failed: <StateTag state={save.data.tested.state} /> {save.data.tested.error}
        </p>
      )}
      <Section title="General">
        {isNew && (
          <TextField
            label="Name"
            hint="Short and unique, such as fabrikam-store. It is part of webhook addresses and cannot be changed later."
            error={errorAt('name', 'Name')}
            value={name}
            onChange={setName}
          />
        )}
        <TextField
          label="Title"
          error={errorAt('title', 'Title')}
          value={asText(body.title)}
          onChange={(title) => setBody((before) => ({ ...before, title }))}
        />
        <NumberField
          label="Poll every"
          unit="s"
          min={1}
          max={86_400}
          hint="Empty: not polled; webhooks still arrive."
          error={errorAt('poll_seconds', 'Poll every')}
          value={body.poll_seconds}
          onChange={(seconds) => setBody((before) => ({ ...before, poll_seconds: seconds }))}
        />
        <TextField
          label="Mapping group"
          hint="Providers of a group share their mappings."
          error={errorAt('mapping_group', 'Mapping group')}
          value={asText(body.mapping_group)}
          onChange={(group) => setBody((before) => ({ ...before, mapping_group: group }))}
        />
      </Section>
      <Section title="Credentials">
        <SchemaForm
          schema={withHints(connectionSchema, secrets, moved && !isNew, isStored)}
          value={connection}
          isStored={(secret) => isStored(secret) && !moved}
          errorOf={(key, label) => errorAt(`connection.${key}`, label)}
          onChange={(part) => setConnection((before) => ({ ...before, ...part }))}
        />
      </Section>
      {Object.keys(parametersSchema.properties ?? {}).length > 0 && (
        <Section title="Parameters">
          <SchemaForm
            schema={parametersSchema}
            value={parameters}
            errorOf={(key, label) => errorAt(`parameters.${key}`, label)}
            onChange={(part) => setParameters((before) => ({ ...before, ...part }))}
          />
        </Section>
      )}
      <div className="form-save">
        <ExplainedButton
          type="primary"
          htmlType="submit"
          allowed={mayChange && name.trim() !== '' && !isUnchanged}
          disabledReason={reason}
          loading={save.isPending}
        >
          {isNew ? 'Install and test' : 'Save and test'}
        </ExplainedButton>
      </div>
    </form>
  );
}

/** Say at each stored secret that it is required again. */
function withHints(
  schema: PropertySchema,
  secrets: readonly string[],
  moved: boolean,
  isStored: (secret: string) => boolean,
): PropertySchema {
  if (!moved) return schema;
  const properties = Object.entries(schema.properties ?? {}).map(([name, property]) => [
    name,
    secrets.includes(name) && isStored(name) ? { ...property, description: `${secretAgain}.` } : property,
  ]);
  return { ...schema, properties: Object.fromEntries(properties) as Record<string, PropertySchema> };
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card title={title}>
      <div className="form">{children}</div>
    </Card>
  );
}
