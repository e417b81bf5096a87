"""What a citizen's ID number says by itself. Pure.

Twelve digits: three of the place where the birth was registered (001–096 in Viet Nam, from 100 on another country), one
of century and sex, two of the year of birth, six at random; no check digit. An officer sees the papers, we do not: what
looks odd is told, never refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from hub.i18n import N_, Text

_CITIZEN_ID = re.compile(r"\d{12}")
_PASSPORT = re.compile(r"[A-Z][0-9A-Z]{6,11}")
FIRST_COUNTRY = 100

PLACES = {
    1: "Hà Nội",
    2: "Hà Giang",
    4: "Cao Bằng",
    6: "Bắc Kạn",
    8: "Tuyên Quang",
    10: "Lào Cai",
    11: "Điện Biên",
    12: "Lai Châu",
    14: "Sơn La",
    15: "Yên Bái",
    17: "Hòa Bình",
    19: "Thái Nguyên",
    20: "Lạng Sơn",
    22: "Quảng Ninh",
    24: "Bắc Giang",
    25: "Phú Thọ",
    26: "Vĩnh Phúc",
    27: "Bắc Ninh",
    30: "Hải Dương",
    31: "Hải Phòng",
    33: "Hưng Yên",
    34: "Thái Bình",
    35: "Hà Nam",
    36: "Nam Định",
    37: "Ninh Bình",
    38: "Thanh Hóa",
    40: "Nghệ An",
    42: "Hà Tĩnh",
    44: "Quảng Bình",
    45: "Quảng Trị",
    46: "Thừa Thiên Huế",
    48: "Đà Nẵng",
    49: "Quảng Nam",
    51: "Quảng Ngãi",
    52: "Bình Định",
    54: "Phú Yên",
    56: "Khánh Hòa",
    58: "Ninh Thuận",
    60: "Bình Thuận",
    62: "Kon Tum",
    64: "Gia Lai",
    66: "Đắk Lắk",
    67: "Đắk Nông",
    68: "Lâm Đồng",
    70: "Bình Phước",
    72: "Tây Ninh",
    74: "Bình Dương",
    75: "Đồng Nai",
    77: "Bà Rịa – Vũng Tàu",
    79: "TP. Hồ Chí Minh",
    80: "Long An",
    82: "Tiền Giang",
    83: "Bến Tre",
    84: "Trà Vinh",
    86: "Vĩnh Long",
    87: "Đồng Tháp",
    89: "An Giang",
    91: "Kiên Giang",
    92: "Cần Thơ",
    93: "Hậu Giang",
    94: "Sóc Trăng",
    95: "Bạc Liêu",
    96: "Cà Mau",
}
"""By the provinces of before July 2025: the number keeps what it was given at birth. Only to be shown."""


@dataclass(frozen=True, slots=True)
class CitizenId:
    place_code: int
    female: bool
    birth_year: int

    @property
    def place(self) -> str:
        """Empty for a country, and for a code that is no province's."""
        return PLACES.get(self.place_code, "")


def read(number: str) -> CitizenId | None:
    """None when it is not twelve digits."""
    if not _CITIZEN_ID.fullmatch(number):
        return None
    century = int(number[3])
    return CitizenId(int(number[:3]), century % 2 == 1, 1900 + 100 * (century // 2) + int(number[4:6]))


def is_passport(number: str) -> bool:
    return _PASSPORT.fullmatch(number) is not None


def sentence(said: CitizenId) -> Text:
    """What the number says, for an officer who has the person before them."""
    sex = N_("nữ") if said.female else N_("nam")
    if said.place:
        return Text(
            N_("Theo số: %(sex)s, sinh năm %(year)d, khai sinh tại %(place)s."),
            {"sex": Text(sex), "year": said.birth_year, "place": said.place},
        )
    return Text(N_("Theo số: %(sex)s, sinh năm %(year)d."), {"sex": Text(sex), "year": said.birth_year})


def warning(number: str, born: int | None, today: date) -> Text | None:
    """What looks odd about an ID number beside the year of birth that was typed."""
    said = read(number)
    if said is None:
        if is_passport(number):
            return None
        return Text(N_("Số căn cước có 12 chữ số. Hãy xem lại số đã ghi; nếu là giấy tờ khác thì bỏ qua lời nhắc này."))
    if said.place_code == 0 or 96 < said.place_code < FIRST_COUNTRY:
        return Text(N_("Ba chữ số đầu của số căn cước không phải mã tỉnh, thành phố nào. Hãy xem lại."))
    if said.birth_year > today.year:
        return Text(
            N_("Theo chữ số thế kỷ và giới tính, người này sinh năm %(year)d, là năm chưa đến. Hãy xem lại số."),
            {"year": said.birth_year},
        )
    if born is not None and born != said.birth_year:
        return Text(
            N_("Theo số căn cước, năm sinh là %(year)d. Hãy xem lại năm sinh hoặc số."), {"year": said.birth_year}
        )
    return None
