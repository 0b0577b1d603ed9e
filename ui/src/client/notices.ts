import { api, read } from './http';
import type { paths } from './schema';

type Ok<R> = R extends { responses: { 200: { content: { 'application/json': infer T } } } } ? T : never;

export type OrderNotices = Ok<paths['/api/v1/orders/{order_id}/notices']['get']>;
export type Notice = OrderNotices['items'][number];
export type NoticeDetail = Ok<paths['/api/v1/notices/{id}']['get']>;
export type TemplateList = Ok<paths['/api/v1/notice-templates']['get']>;
export type NoticeTemplate = TemplateList['items'][number];
export type TemplateBody = NoticeTemplate['body'];
export type NoticePreview = Ok<paths['/api/v1/notice-templates/preview']['post']>;

export const listOrderNotices = (order: string): Promise<OrderNotices> =>
  read(api.GET('/api/v1/orders/{order_id}/notices', { params: { path: { order_id: order } } }));
export const getNotice = (id: string): Promise<NoticeDetail> => read(api.GET('/api/v1/notices/{id}', { params: { path: { id } } }));
export async function resendNotice(id: string): Promise<void> {
  await read(api.POST('/api/v1/notices/{id}/resend', { params: { path: { id } } }));
}
export async function switchNotices(order: string, enabled: boolean): Promise<void> {
  await read(api.PUT('/api/v1/orders/{order_id}/notices/switch', { params: { path: { order_id: order } }, body: { enabled } }));
}

export const listTemplates = (): Promise<TemplateList> => read(api.GET('/api/v1/notice-templates'));
export const previewTemplate = (order: string, language: string, body: TemplateBody): Promise<NoticePreview> =>
  read(api.POST('/api/v1/notice-templates/preview', { body: { order, language, body } }));
export async function sendTestMail(order: string, language: string, body: TemplateBody): Promise<void> {
  await read(api.POST('/api/v1/notice-templates/test', { body: { order, language, body } }));
}
