# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""usage: browse.py PAGE [SCREENSHOT-PREFIX]

Uses a report's page as a reader does, and says what is to be seen."""
import sys

from browser import ARROW_RIGHT, ENTER, ESCAPE, Browser, enlarge

page, *prefix = sys.argv[1:]


def drawn(browser):
    return browser.text("#path").replace("  ", " ").replace(",", "")


with Browser() as browser:
    def shoot(name):
        if prefix:
            browser.screenshot(f"{prefix[0]}-{name}.png")

    browser.open(page)
    print("title:", browser.text("h1"))
    print("drawn:", drawn(browser))
    shoot("start")
    browser.type("#search", "area(")
    print("found:", browser.text("#results h2"))
    browser.click("#results a")
    print("chosen:", browser.text("#detail h2"))
    for line in browser.run("return [...document.querySelectorAll('#chain li')]"
                            ".map(item => item.innerText)"):
        print("chain:", line)
    shoot("chain")
    browser.run("$('search').value = 'lonely'; $('search').oninput()")
    browser.click("#results a")
    print("removed:", browser.text("#detail h2"), browser.text("#detail p"))
    browser.type("body", ESCAPE)
    browser.type("#map", ARROW_RIGHT)
    first = browser.text("#detail h2")
    browser.type("#map", ARROW_RIGHT)
    print("arrows:", "another is chosen"
          if browser.text("#detail h2") != first else first)
    browser.type("#map", ENTER)
    print("Enter:", "into a module" if "›" in drawn(browser) else drawn(browser))
    shoot("zoomed")
    browser.type("#map", ESCAPE)
    print("Escape:", drawn(browser))
    browser.run("$('colour').value = 'permission'; $('colour').onchange()")
    legend = browser.text("#legend")
    print("colours:", *[p for p in ("r-x", "r--", "rw-") if p in legend])
    shoot("permission")
    after = browser.run("return tree.bytes")
    browser.run("$('view').value = 'before'; $('view').onchange()")
    print("before:", "more bytes" if browser.run("return tree.bytes") > after
          else "not more")
    shoot("before")
    themes = []
    for _ in range(2):
        browser.click("#theme")
        themes.append(browser.run("return document.documentElement"
                                  ".dataset.theme"))
        shoot(themes[-1])
    print("theme:", ", then ".join(themes))
    scripts = browser.run("return document.scripts.length")
    print("markup:", "is text" if scripts == 2 else f"{scripts} scripts")
    node = browser.run("return nodes.find(n => n.name === 'area(int)').id")
    browser.open(page + f"#{node}")
    browser.run("location.reload()")
    print("link:", browser.text("#detail h2"))
    enlarge(page, "enlarged.html")
    browser.open("enlarged.html")
    count = browser.run("return shapes.filter(s => !s.item.list).length")
    browser.type("#search", "f19999()")
    found = browser.text("#results h2")
    print("20,000 functions:", "drawn" if count > 10000 and found == "1 found"
          else f"{count} drawn, {found}")
    shoot("enlarged")
    print("errors:", *(browser.errors() or ["none"]))
