import { applyDocuments } from '@client/configuration';
import { listTemplates, type NoticeTemplate, previewTemplate, sendTestMail, type TemplateBody, type TemplateList } from '@client/notices';
import { ExplainedButton } from '@kit/ExplainedButton';
import { EmptyState, ProblemNotice, QueryContent } from '@kit/feedback';
import { InboxOutlined } from '@kit/icons';
import { Card, Page } from '@kit/layout';
import { usePermission } from '@kit/usePermission';
import { eventTitle } from '@vocabulary';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Checkbox, Input, Select, Space } from 'antd';
import { type ReactNode, useId, useState } from 'react';
import { Link } from 'react-router';

type Text = TemplateBody['languages'][string];
type Part = 'subject' | 'text' | 'html';

const queryKey = ['notice-templates'];
const noPermission = 'Your role may not change configuration';
const languageNames: Record<string, string> = { en: 'English', de: 'German', es: 'Spanish', fr: 'French' };
const parts: readonly { part: Part; title: string; rows: number }[] = [
  { part: 'subject', title: 'Subject', rows: 1 },
  { part: 'text', title: 'Text', rows: 10 },
  { part: 'html', title: 'HTML', rows: 10 },
];
const emptyText: Text = { subject: '', text: '', html: '' };

/** The e-mails that customers receive: texts by language, tokens and a preview. */
export default function NoticeTemplatesPage() {
  const [chosen, setChosen] = useState('order_confirmation');
  const templates = useQuery({ queryKey, queryFn: listTemplates });
  return (
    <Page title="Notice templates" description="E-mails that customers receive when something happens to their orders.">
      <QueryContent query={templates} rows={8}>
        {(list) => {
          const template = list.items.find((item) => item.name === chosen) ?? list.items[0];
          if (!template) {
            return (
              <Card>
                <EmptyState icon={<InboxOutlined />} title="No templates yet" action={<Link to="/flows">View flows</Link>}>
                  Templates are the texts of e-mails to customers.
                </EmptyState>
              </Card>
            );
          }
          return (
            <>
              <Field label="Template">
                {(id) => (
                  <Select
                    id={id}
                    style={{ width: '100%', maxWidth: 420 }}
                    value={template.name}
                    onChange={setChosen}
                    options={list.items.map((item) => ({ value: item.name, label: `${item.body.title} (${item.name})` }))}
                  />
                )}
              </Field>
              <Editor key={template.name} template={template} list={list} onCopied={setChosen} />
            </>
          );
        }}
      </QueryContent>
    </Page>
  );
}

function Editor({ template, list, onCopied }: { template: NoticeTemplate; list: TemplateList; onCopied: (name: string) => void }) {
  const queryClient = useQueryClient();
  const mayWrite = usePermission('configuration.write');
  const [body, setBody] = useState(template.body);
  const [language, setLanguage] = useState('en');
  const [part, setPart] = useState<Part>('text');
  const text = body.languages[language] ?? emptyText;
  const changeText = (change: Partial<Text>) => setBody({ ...body, languages: { ...body.languages, [language]: { ...text, ...change } } });
  const save = useMutation({
    mutationFn: async (name: string) => {
      const saved = name === template.name ? body : { ...body, title: `${body.title} (copy)`, active: false };
      await applyDocuments([{ kind: 'notice_template', name, body: saved }]);
      return name;
    },
    onSuccess: async (name) => {
      await queryClient.invalidateQueries({ queryKey });
      onCopied(name);
    },
  });
  const changed = JSON.stringify(body) !== JSON.stringify(template.body);
  return (
    <div className="main-side">
      <Card title={body.title}>
        <p className="muted">
          {body.event ? `Sent after “${eventTitle(body.event)}”.` : 'Sent only by flows.'}
          {template.shipped && ' This is the shipped template; saving makes your own version of it.'}
        </p>
        <Checkbox checked={body.active} onChange={(event) => setBody({ ...body, active: event.target.checked })}>
          Active
        </Checkbox>
        <Field label="Language">
          {(id) => (
            <Select
              id={id}
              style={{ width: 200 }}
              value={language}
              onChange={setLanguage}
              options={[...new Set([...Object.keys(languageNames), ...Object.keys(body.languages)])].map((code) => ({
                value: code,
                label: languageNames[code] ?? code,
              }))}
            />
          )}
        </Field>
        {parts.map(({ part: name, title, rows }) => (
          <Field key={name} label={title}>
            {(id) => (
              <Input.TextArea
                id={id}
                autoSize={{ minRows: rows, maxRows: 24 }}
                value={text[name]}
                onFocus={() => setPart(name)}
                onChange={(event) =>
                  changeText({ [name]: name === 'subject' ? event.target.value.replaceAll(/[\r\n]+/g, ' ') : event.target.value })
                }
              />
            )}
          </Field>
        ))}
        <Field label={`Add a token to the ${part === 'html' ? 'HTML' : part}`}>
          {(id) => (
            <Select
              id={id}
              showSearch={{ optionFilterProp: 'label' }}
              style={{ width: '100%' }}
              placeholder="Choose a token"
              value={null}
              onChange={(token: string | null) => token && changeText({ [part]: `${text[part]}${token}` })}
              options={tokenOptions(list)}
            />
          )}
        </Field>
        {save.error && <ProblemNotice compact error={save.error} />}
        <Space wrap>
          <ExplainedButton
            type="primary"
            loading={save.isPending}
            allowed={mayWrite && changed}
            disabledReason={mayWrite ? 'Nothing has changed' : noPermission}
            onClick={() => save.mutate(template.name)}
          >
            Save template
          </ExplainedButton>
          <ExplainedButton allowed={mayWrite} disabledReason={noPermission} onClick={() => save.mutate(copyName(template.name, list))}>
            Save as a copy
          </ExplainedButton>
        </Space>
      </Card>
      <Preview body={body} language={language} />
    </div>
  );
}

/** The rendered template for an order. Its HTML is shown in a frame without scripts. */
function Preview({ body, language }: { body: TemplateBody; language: string }) {
  const mayWrite = usePermission('configuration.write');
  const [order, setOrder] = useState('');
  const preview = useMutation({ mutationFn: () => previewTemplate(order, language, body) });
  const test = useMutation({ mutationFn: () => sendTestMail(order, language, body) });
  const error = preview.error ?? test.error;
  const noOrder = order.trim() === '';
  return (
    <Card title="Preview">
      <Field label="Order number">
        {(id) => (
          <Input
            id={id}
            value={order}
            onChange={(event) => setOrder(event.target.value)}
            onPressEnter={() => !noOrder && preview.mutate()}
          />
        )}
      </Field>
      <Space wrap style={{ marginTop: 12 }}>
        <ExplainedButton
          loading={preview.isPending}
          allowed={!noOrder}
          disabledReason="Enter an order number first"
          onClick={() => preview.mutate()}
        >
          Show preview
        </ExplainedButton>
        <ExplainedButton
          loading={test.isPending}
          allowed={mayWrite && !noOrder}
          disabledReason={mayWrite ? 'Enter an order number first' : noPermission}
          onClick={() => test.mutate()}
        >
          Send a test to me
        </ExplainedButton>
      </Space>
      {error && <ProblemNotice compact error={error} />}
      {test.isSuccess && <p role="status">The test has been sent.</p>}
      {preview.data && (
        <>
          <p className="strong">{preview.data.subject}</p>
          {preview.data.body_html && (
            <iframe
              title="HTML of the notice"
              sandbox=""
              srcDoc={preview.data.body_html}
              style={{ width: '100%', height: 280, border: '1px solid var(--line, #888)', background: '#fff' }}
            />
          )}
          <pre style={{ whiteSpace: 'pre-wrap', fontFamily: 'inherit', overflowWrap: 'anywhere' }}>{preview.data.body_text}</pre>
        </>
      )}
      {preview.data && <Button onClick={() => preview.reset()}>Close preview</Button>}
    </Card>
  );
}

function Field({ label, children }: { label: string; children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </div>
  );
}

const tokenOptions = (list: TemplateList): { value: string; label: string }[] => [
  ...list.tokens.map(({ name, title }) => ({ value: `{{ ${name} }}`, label: `${title} – ${name}` })),
  ...Object.entries(list.lists).flatMap(([name, tokens]) =>
    tokens.map((token) => ({
      value: `{% for line in ${name} %}{{ line.${token.name} }}\n{% endfor %}`,
      label: `All ${name}: ${token.title} – ${token.name}`,
    })),
  ),
];

/** A name that no template has yet. */
function copyName(name: string, list: TemplateList): string {
  const names = new Set(list.items.map((item) => item.name));
  let copy = `${name}_copy`;
  while (names.has(copy)) copy += '_2';
  return copy;
}
