"""The actions of tau2-retail, done through our API and compared with the rules of the shop."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.returns.retail_shop import (
    Json,
    RetailShop,
    account_document,
    address_document,
    apply_documents,
)

from openiom.platform.configuration import current_documents

ZERO = Decimal(0)


@dataclass
class RetailReplay:
    """Carries out the actions of tasks, and counts what was done and what was refused."""

    shop: RetailShop
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    to_other_method: int = 0

    def run(self, task_id: str, action: Json) -> None:
        """Carry out one writing action of a task on its copies of orders."""
        work = ACTIONS[action["name"]]
        arguments = dict(action["arguments"])
        if "order_id" in arguments:
            arguments["order_id"] = copy_number(task_id, arguments["order_id"])
        work(self, arguments)
        self.done[action["name"]] += 1

    def cancel(self, arguments: Json) -> None:
        """Cancel an order, and refund its payment."""
        number = arguments["order_id"]
        order_id = str(self.shop.ids[number])
        self._refuse_cancel(number, "I changed my mind")
        body = {"ids": [order_id], "reason": arguments["reason"]}
        [result] = self.shop.post("/orders/cancel", body)["results"]
        assert result["ok"], result
        refunds = [{"order_id": order_id, "key": f"cancel-{order_id}"}]
        for is_repeated in (False, True):
            [refund] = self.shop.post("/payments/refund", {"refunds": refunds})["results"]
            assert (refund["ok"], refund["duplicate"]) == (True, is_repeated)

        paid = Decimal(self.shop.documents[number]["total_amount"])
        payments = self.shop.payments(number)
        assert self.shop.order(number)["state"] == "canceled"
        assert Decimal(payments["totals"]["refunded"]) == paid
        assert Decimal(payments["methods"][0]["refunded"]) == paid
        self._refuse_cancel(number, arguments["reason"])

    def modify_items(self, arguments: Json) -> None:
        """Exchange lines for other variants of their products; the difference is paid."""
        number = arguments["order_id"]
        lines = self.shop.lines_of(number, arguments["item_ids"])
        before = Decimal(self.shop.order(number)["total_amount"])
        operations: list[Json] = []
        difference = ZERO
        for line, item_id in zip(lines, arguments["new_item_ids"], strict=True):
            product, price = self.shop.data.variant(item_id)
            operation = exchange(line["line_number"], product, item_id, price)
            self._refuse_change(number, "variant of", [{**operation, "product": self._other(line)}])
            operations.append(operation)
            difference += price - Decimal(line["unit_price"])

        answer = self.shop.change(number, operations)
        assert answer.status_code == 200, answer.text
        assert Decimal(answer.json()["money"]["difference"]) == difference
        order = self.shop.order(number)
        kept = items_of(line for line in order["lines"] if line["state"] != "canceled")
        wanted = items_of(self.shop.documents[number]["lines"])
        wanted.subtract(arguments["item_ids"])
        wanted.update(arguments["new_item_ids"])
        assert kept == +wanted
        self._pay(number, difference, arguments["payment_method_id"])
        totals = self.shop.payments(number)["totals"]
        assert Decimal(totals["captured"]) - Decimal(totals["refunded"]) == before + difference
        assert totals["to_capture"] == "0.00"
        line = self.shop.lines_of(number, arguments["new_item_ids"][:1])[0]
        again = exchange(line["line_number"], line["product"], "another", Decimal(1))
        self._refuse_change(number, "changed once", [again])
        self._refuse_cancel(number, "no longer needed")

    def modify_address(self, arguments: Json) -> None:
        """Change the shipping address of an order."""
        number = arguments["order_id"]
        address = address_document(arguments)
        operation = {"kind": "set_ship_to", "address": address}
        answer = self.shop.change(number, [operation])
        assert answer.status_code == 200, answer.text
        assert answer.json()["money"]["difference"] == "0.00"
        ship_to = self.shop.order(number)["ship_to"]
        assert {name: ship_to[name] for name in address} == address
        self._refuse_change(number, "as it is", [operation])

    def modify_user_address(self, arguments: Json) -> None:
        """Change the address of an account."""
        user = {**self.shop.data.users[arguments["user_id"]], "address": arguments}
        apply_documents(self.shop.database, [account_document(user)])
        with self.shop.database.reading() as session:
            [document] = current_documents(session, "account", names=[arguments["user_id"]])
        address = address_document(arguments)
        assert {name: document.body["address"][name] for name in address} == address

    def return_items(self, arguments: Json) -> None:
        """Return items of a delivered order; their price is refunded after the inspection."""
        number = arguments["order_id"]
        lines = self.shop.lines_of(number, arguments["item_ids"])
        items = [returned_item(line) for line in lines]
        price = sum((Decimal(line["unit_price"]) for line in lines), ZERO)
        self._refuse_return(number, "has no line", [self._foreign_item(number)])
        self._refuse_return(number, "twice", [items[0], items[0]])
        result = self.shop.create_return(number, items)
        assert result["ok"], result
        assert self.shop.get(f"/returns/{result['id']}")["state"] == "approved"
        self._refuse_return(number, "of 1 returns", items)
        [amount] = self.shop.inspect(result["id"])["amounts"]
        assert (amount["kind"], amount["state"]) == ("refund", "completed")
        assert Decimal(amount["amount"]) == price
        payments = self.shop.payments(number)
        assert Decimal(payments["methods"][0]["refunded"]) == price
        if payments["methods"][0]["reference"] != arguments["payment_method_id"]:
            self.to_other_method += 1

    def exchange_items(self, arguments: Json) -> None:
        """Exchange items of a delivered order for other variants of their products."""
        number = arguments["order_id"]
        lines = self.shop.lines_of(number, arguments["item_ids"])
        items: list[Json] = []
        wanted: list[tuple[str, str]] = []
        credit = total = ZERO
        for line, item_id in zip(lines, arguments["new_item_ids"], strict=True):
            product, price = self.shop.data.variant(item_id)
            chosen = {
                "product": product,
                "variant": {"configuration": item_id},
                "unit_price": str(price),
            }
            foreign = returned_item(line) | {
                "exchange_for": {**chosen, "product": self._other(line)}
            }
            self._refuse_return(number, "variant of", [foreign], outcome="exchange")
            items.append(returned_item(line) | {"exchange_for": chosen})
            wanted.append((product, item_id))
            credit += Decimal(line["unit_price"])
            total += price

        result = self.shop.create_return(number, items, outcome="exchange")
        assert result["ok"], result
        self._refuse_return(number, "of 1 returns", items, outcome="exchange")
        found = self.shop.inspect(result["id"])
        replacement = self.shop.get(f"/orders/{found['replacement_order_id']}")
        sent = [(x["product"], x["variant"]["configuration"]) for x in replacement["lines"]]
        assert sorted(sent) == sorted(wanted)
        assert Decimal(replacement["total_amount"]) == total
        amounts = {x["kind"]: Decimal(x["amount"]) for x in found["amounts"]}
        assert amounts.get("charge", ZERO) == max(ZERO, total - credit)
        assert amounts.get("refund", ZERO) == max(ZERO, credit - total)

    def refuse_all(self, number: str, status: str) -> None:
        """Try on an order what its status forbids; nothing of it may change."""
        before = (self.shop.order(number), self.shop.payments(number))
        line = before[0]["lines"][0]
        if status != "pending":
            self._refuse_cancel(number, "no longer needed")
            operation = exchange(
                line["line_number"], line["product"], "another", Decimal(line["unit_price"])
            )
            self._refuse_change(number, "", [operation])
            ship_to = {**before[0]["ship_to"], "line1": "101 Highway"}
            self._refuse_change(number, "", [{"kind": "set_ship_to", "address": ship_to}])
        if status != "delivered":
            self._refuse_return(number, "can be returned", [returned_item(line)])
        assert (self.shop.order(number), self.shop.payments(number)) == before

    def _pay(self, number: str, difference: Decimal, method_id: str) -> None:
        """Refund a negative difference; record the payment of a positive one."""
        if difference < 0:
            refund = {
                "order_id": str(self.shop.ids[number]),
                "key": f"items-{number}",
                "amount": str(-difference),
            }
            [result] = self.shop.post("/payments/refund", {"refunds": [refund]})["results"]
            assert result["ok"], result
            return
        if not difference:
            return

        document = self.shop.documents[number]
        [payment] = document["payments"]
        user = document["account"]
        more = {
            "method": self.shop.data.payment_kind(user, method_id),
            "reference": method_id,
            "amount": str(difference),
            "captured": str(difference),
        }
        payments = [payment, more]
        if payment["reference"] == method_id:
            amount = str(Decimal(payment["amount"]) + difference)
            payments = [{**payment, "amount": amount, "captured": amount}]
        sent = {**document, "external_version": 2, "payments": payments}
        [result] = self.shop.post("/orders", {"orders": [sent]})["results"]
        assert result["ok"], result

    def _other(self, line: Json) -> str:
        """Return a product that a line is not of."""
        products = [number for number in self.shop.data.products if number != line["product"]]
        return products[0]

    def _foreign_item(self, number: str) -> Json:
        """Return an item of an order of another customer."""
        account = self.shop.documents[number]["account"]
        for other, document in self.shop.documents.items():
            if document["account"] != account:
                return returned_item(self.shop.order(other)["lines"][0])
        raise AssertionError("all orders are of one customer")

    def _refuse_cancel(self, number: str, reason: str) -> None:
        before = self.shop.order(number)["state"]
        body = {"ids": [str(self.shop.ids[number])], "reason": reason}
        [result] = self.shop.post("/orders/cancel", body)["results"]
        assert not result["ok"]
        assert result["reason"]
        assert self.shop.order(number)["state"] == before
        self.refused["cancel"] += 1

    def _refuse_change(self, number: str, text: str, operations: list[Json]) -> None:
        before = self.shop.order(number)
        answer = self.shop.change(number, operations)
        assert answer.status_code == 409, answer.text
        assert text in answer.text
        assert self.shop.order(number) == before
        self.refused["change"] += 1

    def _refuse_return(self, number: str, text: str, items: list[Json], **more: Any) -> None:
        before = self.shop.get(f"/orders/{self.shop.ids[number]}/returnable")
        result = self.shop.create_return(number, items, **more)
        assert not result["ok"]
        assert text in result["reason"], result
        assert self.shop.get(f"/orders/{self.shop.ids[number]}/returnable") == before
        self.refused["return"] += 1


def copy_number(task_id: str, order_id: str) -> str:
    """Return the number of the copy of an order that a task has."""
    return f"{order_id}-T{task_id}"


def items_of(lines: Iterable[Json]) -> Counter[str]:
    """Return the items of lines, and how many lines have each."""
    return Counter(line["variant"]["configuration"] for line in lines)


def exchange(line_number: int, product: str, item_id: str, price: Decimal) -> Json:
    """Return the operation that exchanges a line for an item."""
    return {
        "kind": "exchange_line",
        "line": line_number,
        "product": product,
        "variant": {"configuration": item_id},
        "unit_price": str(price),
    }


def returned_item(line: Json) -> Json:
    """Return one unit of a line that comes back."""
    return {"order_line_id": line["id"], "quantity": 1, "reason": "no_longer_needed"}


ACTIONS: dict[str, Callable[[RetailReplay, Json], None]] = {
    "cancel_pending_order": RetailReplay.cancel,
    "modify_pending_order_items": RetailReplay.modify_items,
    "modify_pending_order_address": RetailReplay.modify_address,
    "modify_user_address": RetailReplay.modify_user_address,
    "return_delivered_order_items": RetailReplay.return_items,
    "exchange_delivered_order_items": RetailReplay.exchange_items,
}
"""Every action of the shop that changes something."""
