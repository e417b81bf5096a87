"""Vietnamese for measuring search: sentences whose words are as unevenly frequent as in real petitions. Pure."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

OPENINGS = (
    *("Khiếu nại quyết định thu hồi đất", "Khiếu nại mức bồi thường khi thu hồi đất", "Kiến nghị sửa đường liên thôn"),
    *("Phản ánh ô nhiễm môi trường từ nhà máy", "Kiến nghị cấp giấy chứng nhận quyền sử dụng đất"),
    *("Khiếu nại chậm trả lời đơn", "Phản ánh xây dựng trái phép", "Kiến nghị hỗ trợ hộ nghèo xây nhà"),
    *("Phản ánh thái độ của cán bộ tiếp nhận hồ sơ", "Khiếu nại việc tính lại tiền thuê đất"),
)
SENTENCES = (
    *("gia đình tôi không đồng ý với diện tích đo đạc ghi trong biên bản", "đề nghị Ủy ban nhân dân xem xét lại"),
    *("thửa đất do ông cha để lại và sử dụng ổn định từ trước năm 1993", "tiền bồi thường chưa được chi trả"),
    *("mùi hôi và khói bụi ảnh hưởng đến sức khỏe của nhân dân trong thôn", "đường hẹp, xe tải đi lại nhiều"),
    *("hồ sơ đã nộp đủ nhưng quá hạn vẫn chưa nhận được kết quả", "cán bộ địa chính hẹn nhiều lần"),
    *("các hộ dân đã ký đơn tập thể gửi huyện", "kênh mương bị lấp làm ngập ruộng lúa"),
    *("giá đất áp dụng thấp hơn giá thị trường", "chưa bố trí đất tái định cư cho hộ bị giải tỏa"),
)
SURNAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý")
MIDDLES = ("Thị", "Văn", "Đức", "Hữu", "Minh", "Ngọc", "Quang", "Thanh")
_ONSETS = (
    "b",
    "c",
    "ch",
    "d",
    "đ",
    "g",
    "h",
    "k",
    "kh",
    "l",
    "m",
    "n",
    "ng",
    "nh",
    "ph",
    "qu",
    "r",
    "s",
    "t",
    "th",
    "tr",
)
_RIMES = (
    "a",
    "à",
    "á",
    "ạ",
    "anh",
    "ành",
    "ai",
    "âm",
    "ấm",
    "ân",
    "ăng",
    "ắng",
    "e",
    "ên",
    "i",
    "iên",
    "iết",
    "o",
    "ông",
)
_ENDS = ("", "u", "y", "m", "n", "p", "t", "c")


def syllables(count: int) -> list[str]:
    """As many different ones as asked for, such as Vietnamese could have, always in the same order."""
    every = ["".join(parts) for parts in itertools.product(_ONSETS, _RIMES, _ENDS)]
    random.Random(7).shuffle(every)
    return every[:count]


class Writer:
    """Writes cases, the same for the same seed. ``rare`` words follow Zipf's law: the n-th comes 1/n as often."""

    def __init__(self, seed: int = 1, rare: int = 2500) -> None:
        self._random = random.Random(seed)
        self._rare = syllables(rare)
        self._weights = list(itertools.accumulate(1 / n for n in range(1, rare + 1)))
        self._given = syllables(60)

    def summary(self) -> str:
        return f"{self._random.choice(OPENINGS)} ở thôn {self._words(2).title()}"

    def content(self) -> str:
        """About eighty words."""
        said = self._random.sample(SENTENCES, 4)
        return ". ".join(f"{one.capitalize()} {self._words(6)}" for one in said) + "."

    def name(self) -> str:
        given = self._random.choice(self._given).capitalize()
        return f"{self._random.choice(SURNAMES)} {self._random.choice(MIDDLES)} {given}"

    def note(self) -> str:
        return f"{self._random.choice(SENTENCES).capitalize()} {self._words(4)}"

    def pick(self, among: Sequence[str]) -> str:
        return self._random.choice(among)

    def below(self, most: int) -> int:
        return self._random.randrange(most)

    def rare_word(self, rank: int) -> str:
        """The ``rank``-th of the rarer words: a high rank is a rare word."""
        return self._rare[rank]

    def _words(self, count: int) -> str:
        return " ".join(self._random.choices(self._rare, cum_weights=self._weights, k=count))
