"""For mitmdump: spoil the answers to searches of Observations, as often as the file FAULT says ("reset 3").

    reset   the connection ends before there is an answer
    cut     half of the body, the Content-Length of the whole, and the connection stays open
    html    a page of HTML with status 200

What was done goes to the file FAULTS, one line each.
"""
import os


def due(flow, kinds):
    """The kind of fault for this search, taken off the file; None when there is none."""
    if "/Observation?" not in flow.request.path or not os.path.exists(os.environ["FAULT"]):
        return None
    with open(os.environ["FAULT"], encoding="utf-8") as file:
        kind, left = file.read().split()
    if kind not in kinds or int(left) == 0:
        return None
    with open(os.environ["FAULT"], "w", encoding="utf-8") as file:
        file.write("%s %d\n" % (kind, int(left) - 1))
    with open(os.environ["FAULTS"], "a", encoding="utf-8") as file:
        file.write(kind + "\n")
    return kind


def request(flow):
    flow.request.headers["X-Forwarded-Proto"] = "https"
    if due(flow, ("reset",)):
        flow.kill()


def response(flow):
    kind = due(flow, ("cut", "html"))
    if kind == "cut":
        whole = flow.response.raw_content
        flow.response.raw_content = whole[:len(whole) // 2]
        flow.response.headers["Content-Length"] = str(len(whole))
    elif kind == "html":
        flow.response.headers["Content-Type"] = "text/html"
        flow.response.content = b"<html><body>Down for maintenance</body></html>"
