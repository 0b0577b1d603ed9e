"""The templates that OpenIOM ships, in English, German, Spanish and French."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_GREETINGS = {
    "en": "Hello {{ customer.name }},",
    "de": "Guten Tag {{ customer.name }},",
    "es": "Hola, {{ customer.name }}:",
    "fr": "Bonjour {{ customer.name }},",
}
_LINKS = {
    "en": "View your order",
    "de": "Bestellung ansehen",
    "es": "Ver el pedido",
    "fr": "Voir la commande",
}


@dataclass(frozen=True, slots=True)
class _Shipped:
    """A shipped template; `texts` are subject and message by language."""

    title: str
    event: str
    texts: Mapping[str, tuple[str, str]]
    with_lines: bool = False
    with_tracking: bool = False


_SHIPPED = {
    "order_confirmation": _Shipped(
        "Order confirmation",
        "order.created",
        {
            "en": (
                "Your order {{ order.number }}",
                "thank you for your order {{ order.number }} of {{ order.placed_on }}. "
                "The total is {{ order.total_amount }} {{ order.currency }}.",
            ),
            "de": (
                "Ihre Bestellung {{ order.number }}",
                "vielen Dank für Ihre Bestellung {{ order.number }} vom {{ order.placed_on }}. "
                "Der Gesamtbetrag ist {{ order.total_amount }} {{ order.currency }}.",
            ),
            "es": (
                "Su pedido {{ order.number }}",
                "gracias por su pedido {{ order.number }} del {{ order.placed_on }}. "
                "El importe total es de {{ order.total_amount }} {{ order.currency }}.",
            ),
            "fr": (
                "Votre commande {{ order.number }}",
                "merci pour votre commande {{ order.number }} du {{ order.placed_on }}. "
                "Le montant total est de {{ order.total_amount }} {{ order.currency }}.",
            ),
        },
        with_lines=True,
    ),
    "shipment_confirmation": _Shipped(
        "Shipment confirmation",
        "shipment.recorded",
        {
            "en": (
                "A parcel of your order {{ order.number }} is on its way",
                "a parcel of your order {{ order.number }} has been shipped.",
            ),
            "de": (
                "Ein Paket Ihrer Bestellung {{ order.number }} ist unterwegs",
                "ein Paket Ihrer Bestellung {{ order.number }} wurde versandt.",
            ),
            "es": (
                "Un paquete de su pedido {{ order.number }} está en camino",
                "hemos enviado un paquete de su pedido {{ order.number }}.",
            ),
            "fr": (
                "Un colis de votre commande {{ order.number }} est en route",
                "un colis de votre commande {{ order.number }} a été expédié.",
            ),
        },
        with_tracking=True,
    ),
    "return_pickup_confirmation": _Shipped(
        "Return pickup confirmation",
        "return_order.label_created",
        {
            "en": (
                "Your return {{ return.number }} is ready to be sent",
                "the label for your return {{ return.number }} has been created.",
            ),
            "de": (
                "Ihre Rücksendung {{ return.number }} kann abgeholt werden",
                "das Etikett für Ihre Rücksendung {{ return.number }} wurde erstellt.",
            ),
            "es": (
                "Su devolución {{ return.number }} está lista para el envío",
                "se ha creado la etiqueta de su devolución {{ return.number }}.",
            ),
            "fr": (
                "Votre retour {{ return.number }} est prêt à être expédié",
                "l'étiquette de votre retour {{ return.number }} a été créée.",
            ),
        },
    ),
    "pickup_ready": _Shipped(
        "Pickup ready",
        "pickup.ready",
        {
            "en": (
                "Your order {{ order.number }} is ready for pickup",
                "your order {{ order.number }} is ready for pickup. "
                "Your pickup code is {{ pickup.code }}.",
            ),
            "de": (
                "Ihre Bestellung {{ order.number }} liegt bereit",
                "Ihre Bestellung {{ order.number }} liegt zur Abholung bereit. "
                "Ihr Abholcode ist {{ pickup.code }}.",
            ),
            "es": (
                "Su pedido {{ order.number }} está listo para recoger",
                "su pedido {{ order.number }} está listo para recoger. "
                "Su código de recogida es {{ pickup.code }}.",
            ),
            "fr": (
                "Votre commande {{ order.number }} est prête",
                "votre commande {{ order.number }} est prête à être retirée. "
                "Votre code de retrait est {{ pickup.code }}.",
            ),
        },
    ),
    "pickup_reminder": _Shipped(
        "Pickup reminder",
        "pickup.reminded",
        {
            "en": (
                "Reminder: your order {{ order.number }} is ready for pickup",
                "your order {{ order.number }} is still ready for pickup "
                "until {{ pickup.ready_until }}.",
            ),
            "de": (
                "Erinnerung: Ihre Bestellung {{ order.number }} liegt bereit",
                "Ihre Bestellung {{ order.number }} liegt noch bis {{ pickup.ready_until }} "
                "zur Abholung bereit.",
            ),
            "es": (
                "Recordatorio: su pedido {{ order.number }} está listo para recoger",
                "puede recoger su pedido {{ order.number }} hasta el {{ pickup.ready_until }}.",
            ),
            "fr": (
                "Rappel : votre commande {{ order.number }} est prête",
                "vous pouvez retirer votre commande {{ order.number }} "
                "jusqu'au {{ pickup.ready_until }}.",
            ),
        },
    ),
    "delay": _Shipped(
        "Delivery delayed",
        "",
        {
            "en": (
                "Your order {{ order.number }} is delayed",
                "we are sorry: your order {{ order.number }} will arrive later than planned.",
            ),
            "de": (
                "Ihre Bestellung {{ order.number }} verspätet sich",
                "es tut uns leid: Ihre Bestellung {{ order.number }} kommt später als geplant.",
            ),
            "es": (
                "Su pedido {{ order.number }} se retrasa",
                "lo sentimos: su pedido {{ order.number }} llegará más tarde de lo previsto.",
            ),
            "fr": (
                "Votre commande {{ order.number }} est retardée",
                "nous sommes désolés : votre commande {{ order.number }} arrivera "
                "plus tard que prévu.",
            ),
        },
    ),
    "order_canceled": _Shipped(
        "Order canceled",
        "order.canceled",
        {
            "en": (
                "Your order {{ order.number }} has been canceled",
                "your order {{ order.number }} has been canceled.",
            ),
            "de": (
                "Ihre Bestellung {{ order.number }} wurde storniert",
                "Ihre Bestellung {{ order.number }} wurde storniert.",
            ),
            "es": (
                "Su pedido {{ order.number }} se ha cancelado",
                "su pedido {{ order.number }} se ha cancelado.",
            ),
            "fr": (
                "Votre commande {{ order.number }} a été annulée",
                "votre commande {{ order.number }} a été annulée.",
            ),
        },
    ),
    "refund": _Shipped(
        "Refund",
        "payment.refunded",
        {
            "en": (
                "Refund for your order {{ order.number }}",
                "we have refunded a payment of your order {{ order.number }}.",
            ),
            "de": (
                "Erstattung zu Ihrer Bestellung {{ order.number }}",
                "wir haben eine Zahlung Ihrer Bestellung {{ order.number }} erstattet.",
            ),
            "es": (
                "Reembolso de su pedido {{ order.number }}",
                "hemos reembolsado un pago de su pedido {{ order.number }}.",
            ),
            "fr": (
                "Remboursement de votre commande {{ order.number }}",
                "nous avons remboursé un paiement de votre commande {{ order.number }}.",
            ),
        },
    ),
    "return_approved": _Shipped(
        "Return approved",
        "return_order.approved",
        {
            "en": (
                "Your return {{ return.number }} has been approved",
                "your return {{ return.number }} for order {{ order.number }} has been approved.",
            ),
            "de": (
                "Ihre Rücksendung {{ return.number }} wurde genehmigt",
                "Ihre Rücksendung {{ return.number }} zur Bestellung {{ order.number }} "
                "wurde genehmigt.",
            ),
            "es": (
                "Su devolución {{ return.number }} se ha aprobado",
                "su devolución {{ return.number }} del pedido {{ order.number }} se ha aprobado.",
            ),
            "fr": (
                "Votre retour {{ return.number }} a été accepté",
                "votre retour {{ return.number }} de la commande {{ order.number }} a été accepté.",
            ),
        },
    ),
    "return_received": _Shipped(
        "Return received",
        "return_order.received",
        {
            "en": (
                "We have received your return {{ return.number }}",
                "your return {{ return.number }} for order {{ order.number }} has arrived.",
            ),
            "de": (
                "Ihre Rücksendung {{ return.number }} ist angekommen",
                "Ihre Rücksendung {{ return.number }} zur Bestellung {{ order.number }} "
                "ist angekommen.",
            ),
            "es": (
                "Hemos recibido su devolución {{ return.number }}",
                "hemos recibido su devolución {{ return.number }} del pedido {{ order.number }}.",
            ),
            "fr": (
                "Nous avons reçu votre retour {{ return.number }}",
                "votre retour {{ return.number }} de la commande {{ order.number }} est arrivé.",
            ),
        },
    ),
}

_LINES_TEXT = """
{% for line in lines %}
- {{ line.quantity }} x {{ line.name }}
{% endfor %}
"""
_LINES_HTML = """<ul>
{% for line in lines %}
<li>{{ line.quantity }} × {{ line.name }}</li>
{% endfor %}
</ul>
"""
_TRACKING_TEXT = """
{{ parcel.carrier }} {{ parcel.tracking_number }}
{{ parcel.tracking_url }}
"""
_TRACKING_HTML = """<p>{{ parcel.carrier }}
{% if parcel.tracking_url %}
<a href="{{ parcel.tracking_url }}">{{ parcel.tracking_number }}</a>
{% else %}
{{ parcel.tracking_number }}
{% endif %}
</p>
"""


def _language(shipped: _Shipped, language: str) -> dict[str, str]:
    """Return the text of a shipped template in one language, as a document has it."""
    subject, message = shipped.texts[language]
    sentence = message[0].upper() + message[1:] if language == "en" else message
    text = f"{_GREETINGS[language]}\n\n{sentence}\n"
    html = f"<p>{_GREETINGS[language]}</p>\n<p>{sentence}</p>\n"
    if shipped.with_lines:
        text, html = text + _LINES_TEXT, html + _LINES_HTML
    if shipped.with_tracking:
        text, html = text + _TRACKING_TEXT, html + _TRACKING_HTML

    text += f"\n{_LINKS[language]}: {{{{ order.link }}}}\n\n{{{{ sender.name }}}}\n"
    html += f'<p><a href="{{{{ order.link }}}}">{_LINKS[language]}</a></p>\n'
    html += "<p>{{ sender.name }}</p>\n"
    return {"subject": subject, "text": text, "html": html}


def _document(shipped: _Shipped) -> dict[str, Any]:
    languages = {language: _language(shipped, language) for language in shipped.texts}
    return {
        "title": shipped.title,
        "event": shipped.event,
        "active": True,
        "languages": languages,
    }


DEFAULT_TEMPLATES = {name: _document(shipped) for name, shipped in _SHIPPED.items()}
"""Bodies of the shipped templates by name."""
